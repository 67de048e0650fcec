"""What a user may choose about pruning; checked once, here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from estimator.ablation.options import AblationOptions, Choose
from estimator.options import refuse
from estimator.scoring.metrics import MetricAsked


@dataclass(frozen=True)
class PruningOptions:
    """Options of pruning; choose, neurons, k, layers, target, metric and classes as in AblationOptions.

    Without a target no metric is measured; what is pruned does not hang on it.
    """

    choose: Choose = "silent"
    neurons: tuple[str, ...] = ()
    k: int | None = None
    layers: tuple[str, ...] = ()
    target: str | None = None
    metric: MetricAsked = "auto"
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.as_ablation()

    def as_ablation(self) -> AblationOptions:
        """The choice of neurons, all at once. Raises InvalidParameter."""
        return AblationOptions(**{f.name: getattr(self, f.name) for f in fields(self)}, points=1)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, in the order of the fields."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "PruningOptions":
        """The inverse of `as_dict`; an unknown name is refused."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise refuse(min(unknown), values[min(unknown)], "left out: there is no such option")
        lists = {name: tuple(values[name]) for name in ("neurons", "layers", "classes") if name in values}
        return cls(**{**values, **lists})
