"""The seam where an estimator of mutual information plugs in.

To add one: write a module beside this with a class that fits `Method`, and give it a row in METHODS. All
that is common to the methods is outside of them: checks of the input, constant columns, blocks and device
memory, p- and q-values, ceilings, intervals (see `estimator.mutual_information.mutual_information`).
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from estimator.errors import InvalidParameter, Place
from estimator.mutual_information.result import BlockEstimate


class Method(Protocol):
    """Estimates every pair of a block at once.

    A class is called with its parameters as keywords and raises `InvalidParameter` for a wrong one.
    """

    name: str

    def prepare(self, X: NDArray[np.float64], *, seed: int, device: str) -> Any:
        """What is needed of each column alone, once: X (n, p), no column constant, all values finite."""
        ...

    def estimate(self, x: Any, y: Any, rows: slice, columns: slice) -> BlockEstimate:
        """The block of pairs x[rows] by y[columns] of prepared columns; independent of the block's place.

        Where y is x a method may leave out a column with itself. One that, where rows are columns, too,
        measures a pair once says so by an attribute `halves_within` that is true.
        """
        ...

    def block_bytes(self, n: int) -> int:
        """Device memory that one pair of n rows needs, roughly; blocks are sized by it."""
        ...

    def parameters(self) -> Mapping[str, Any]:
        """Its parameters with their values, for the record."""
        ...


# name -> module and class; imported only when chosen, so that `import estimator` loads no torch.
METHODS: dict[str, tuple[str, str]] = {
    "convex": ("estimator.mutual_information.convex", "Convex"),
    "mine": ("estimator.mutual_information.mine", "Mine"),
    "ksg": ("estimator.mutual_information.ksg", "Ksg"),
}


def method(name: str, parameters: Mapping[str, Any]) -> Method:
    """The method of that name. Raises InvalidParameter for an unknown name or parameter."""
    if name not in METHODS:
        detail = f"estimator is {name!r}; it must be one of {', '.join(METHODS)}"
        raise InvalidParameter(detail, errors=[Place(detail, field="estimator")])
    module, cls = METHODS[name]
    made = getattr(import_module(module), cls)
    try:
        return cast(Method, made(**parameters))
    except TypeError as error:
        detail = f"parameters: {name} does not take {', '.join(sorted(parameters))} ({error})"
        raise InvalidParameter(
            detail, errors=[Place(detail, field="parameters"), Place(detail, field="estimator")]
        ) from error
