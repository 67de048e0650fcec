"""Whether two stored analyses can be compared at all, as far as a look at their neurons tells: at the door.

The study itself looks closer (`estimator/diff/structure.py`): kinds of layers and how they are connected.
"""

from dataclasses import dataclass

from estimator.errors import InvalidParameter, Place
from service.stores.protocol import GraphStore, NeuronFilter, Slice

MOST_LISTED = 12


@dataclass(frozen=True)
class Outline:
    """sizes: of the layers, in order. features: the first layer's neurons, sorted."""

    sizes: tuple[int, ...]
    features: tuple[str, ...]

    def __str__(self) -> str:
        more = " -> ..." if len(self.sizes) > MOST_LISTED else ""
        return " -> ".join(f"{size:,}" for size in self.sizes[:MOST_LISTED]) + more


def check_alike(store: GraphStore, base: str, head: str, field: str) -> None:
    """InvalidParameter, naming the field, for two analyses of different architectures."""
    if base == head:
        return
    one, other = _outline(store, base), _outline(store, head)
    # Layers may stand in another order and are matched by name then.
    if sorted(one.sizes) != sorted(other.sizes):
        raise _refuse(f"the layers are {one} and {other}", field)
    if one.features != other.features:
        raise _refuse("the input features differ", field)


def _outline(store: GraphStore, analysis_id: str) -> Outline:
    rows = store.neurons(analysis_id, NeuronFilter(), Slice(limit=None)).rows
    sizes = [0] * (1 + max((row.layer for row in rows), default=-1))
    for row in rows:
        sizes[row.layer] += 1
    return Outline(tuple(sizes), tuple(sorted(row.name for row in rows if row.layer == 0)))


def _refuse(why: str, field: str) -> InvalidParameter:
    detail = f"{field}: the analyses are of different architectures: {why}; they must be of one"
    return InvalidParameter(detail, errors=[Place(detail, field=field)])
