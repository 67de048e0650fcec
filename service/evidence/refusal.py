"""Why evidence does not hold."""


class NotVerified(Exception):
    """member: the part of the bundle, or of what came with it, that is not what was signed."""

    def __init__(self, member: str, detail: str) -> None:
        super().__init__(f"{member} {detail}")
        self.member, self.detail = member, detail
