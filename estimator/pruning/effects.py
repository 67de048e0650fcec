"""What a node's rule answers, and how it says no."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from estimator.pruning.node_view import NodeView

Indices = frozenset[int]


class Blocked(Exception):
    """The channel cannot be taken out; `reason` is the end of a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def blocked_by(view: NodeView) -> Blocked:
    return Blocked(f"{view.name} takes the channel, and pruning does not take that operator apart")


@dataclass
class Effects:
    """links: (tensor, axis, indices) that go along. slices: (input, axis, indices) that a constant input
    loses. absorbs: the node sums over the channel. reshapes: it lays elements out anew, which must be counted
    on both sides."""

    links: list[tuple[str, int, Indices]] = field(default_factory=list)
    slices: list[tuple[int, int, Indices]] = field(default_factory=list)
    absorbs: bool = False
    reshapes: bool = False


# (node, side "in" or "out", position among its inputs or outputs, axis of that tensor, indices) -> Effects
Rule = Callable[[NodeView, str, int, int, Indices], Effects]


def same(view: NodeView, axis: int, indices: Indices, tensors: Iterable[str] | None = None) -> Effects:
    """The same indices of the same axis, in the first input and all outputs, or in these tensors."""
    names = [view.node.input[0], *filter(None, view.node.output)] if tensors is None else list(tensors)
    return Effects(links=[(name, axis, indices) for name in names])
