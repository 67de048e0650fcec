"""What a user may choose about a diff; checked once, here."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from estimator.options import refuse

Align = Literal["auto", "names", "activations"]
MOST_LISTED = 1_000_000


@dataclass(frozen=True)
class DiffOptions:
    """Options of a diff. Information is in nats.

    align: how hidden neurons find their counterparts: by `names`; by their `activations` on shared rows; or
    `auto`, by activations where both models and a table are given, else by names.
    alpha: a change whose q-value exceeds alpha is not reported.
    least: a change smaller than this many nats is not reported, however sure it is.
    listed: at most this many changes of a kind are listed, the largest; the counts are always of all.
    """

    align: Align = "auto"
    alpha: float = 0.05
    least: float = 0.0
    listed: int = 2_000

    def __post_init__(self) -> None:
        if self.align not in get_args(Align):
            raise refuse("align", self.align, "one of " + ", ".join(get_args(Align)))
        if not (math.isfinite(self.alpha) and 1e-6 <= self.alpha < 1):
            raise refuse("alpha", self.alpha, "at least 1e-6 and below 1")
        if not (math.isfinite(self.least) and 0 <= self.least <= 1e6):
            raise refuse("least", self.least, "between 0 and 1e6 nats")
        if not 1 <= self.listed <= MOST_LISTED:
            raise refuse("listed", self.listed, f"between 1 and {MOST_LISTED}")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, in the order of the fields."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "DiffOptions":
        """The inverse of `as_dict`; an unknown name is refused."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise refuse(min(unknown), values[min(unknown)], "left out: there is no such option")
        return cls(**values)
