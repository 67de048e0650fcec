"""What parameters each estimator takes, for a process that may not load torch, as their classes do.

The classes (`estimator.mutual_information.methods`) are the truth; a test compares the two on many values.
"""

from dataclasses import dataclass

from estimator.errors import InvalidParameter, Place
from estimator.options import Estimator, Options


@dataclass(frozen=True)
class Rule:
    """A whole number from least to most; or, not whole, any number above least and up to most."""

    least: float
    most: float
    whole: bool = True

    def allows(self, value: object) -> bool:
        if self.whole:
            return type(value) is int and self.least <= value <= self.most
        return isinstance(value, int | float) and type(value) is not bool and self.least < value <= self.most

    def __str__(self) -> str:
        if self.whole:
            return f"a whole number from {self.least:g} to {self.most:g}"
        return f"above {self.least:g} and at most {self.most:g}"


PARAMETERS: dict[Estimator, dict[str, Rule]] = {
    "convex": {},
    "mine": {"hidden": Rule(2, 64), "steps": Rule(1, 10_000), "learning_rate": Rule(0, 1, whole=False)},
    "ksg": {"neighbours": Rule(1, 20)},
}


def check_parameters(options: Options) -> None:
    """Raises InvalidParameter, naming the parameter and, if it is another estimator's, the estimator too."""
    rules = PARAMETERS[options.estimator]
    for name, value in options.parameters.items():
        path = f"parameters.{name[:60]}"
        if name not in rules:
            takes = ", ".join(rules) or "no parameters"
            detail = f"{path} is not known to the estimator {options.estimator}, which takes {takes}"
            raise InvalidParameter(
                detail, errors=[Place(detail, field=path), Place(detail, field="estimator")]
            )
        if not rules[name].allows(value):
            detail = f"{path} is {str(value)[:60]}; it must be {rules[name]}"
            raise InvalidParameter(detail, errors=[Place(detail, field=path)])
