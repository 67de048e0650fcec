"""What a user may choose about a comparison; checked once, here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from estimator.options import LARGEST_SEED, refuse

Method = Literal["nif", "shap", "integrated_gradients", "mi"]
Baseline = Literal["mean", "zero"]
Replacement = Literal["mean", "permute"]
MetricAsked = Literal["auto", "accuracy", "auc", "rmse"]

METHODS: tuple[Method, ...] = get_args(Method)
LARGEST_ROWS = 100_000


@dataclass(frozen=True)
class ComparisonOptions:
    """Options of a comparison.

    methods: which attributions stand side by side: `nif` (DESIGN 1.4), `shap`, `integrated_gradients`, and
    `mi`, the plain MI of each input with each output.
    target: the column with the labels; that of the analysis if None.
    metric, classes: of the deletion curve, as in an ablation (estimator/scoring).
    deletion: whether the deletion curve is measured; it needs a target.
    replace: a removed feature takes its `mean`, or its own values in another order (`permute`).
    rows: SHAP and Integrated Gradients explain that many rows, drawn with the seed, or all of fewer.
    background: rows that SHAP averages over, drawn with the seed.
    baseline: where the paths of Integrated Gradients begin: the `mean` of the data, or `zero`.
    steps: of Integrated Gradients at first; doubled until its completeness holds, at most up to 4,096.
    points: a deletion curve has at most that many steps from all features to none.
    random_orders: orders drawn at random that the curves are held against.
    seed: of everything drawn.
    """

    methods: tuple[Method, ...] = METHODS
    target: str | None = None
    metric: MetricAsked = "auto"
    classes: tuple[str, ...] = ()
    deletion: bool = True
    replace: Replacement = "mean"
    rows: int = 200
    background: int = 100
    baseline: Baseline = "mean"
    steps: int = 64
    points: int = 20
    random_orders: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [name for name in self.methods if name not in METHODS]
        if unknown or not self.methods or len(set(self.methods)) < len(self.methods):
            raise refuse("methods", list(self.methods), "some of " + ", ".join(METHODS) + ", each once")
        for name, allowed in (
            ("metric", get_args(MetricAsked)),
            ("replace", get_args(Replacement)),
            ("baseline", get_args(Baseline)),
        ):
            if getattr(self, name) not in allowed:
                raise refuse(name, getattr(self, name), "one of " + ", ".join(allowed))
        for name, least, most in (
            ("rows", 1, LARGEST_ROWS),
            ("background", 1, LARGEST_ROWS),
            ("steps", 2, 4096),
            ("points", 1, 1000),
            ("random_orders", 0, 1000),
            ("seed", 0, LARGEST_SEED),
        ):
            if not least <= getattr(self, name) <= most:
                raise refuse(name, getattr(self, name), f"between {least} and {most}")
        if len(set(self.classes)) < len(self.classes):
            raise refuse("classes", list(self.classes), "a list without repetitions")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, in the order of the fields."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return plain | {"methods": list(self.methods), "classes": list(self.classes)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ComparisonOptions":
        """The inverse of `as_dict`; what is left out has its default, an unknown name is refused."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise refuse(min(unknown), values[min(unknown)], "left out: there is no such option")
        lists = {name: tuple(values[name]) for name in ("methods", "classes") if name in values}
        return cls(**{**values, **lists})
