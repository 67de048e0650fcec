"""What is trained, and how: the paper does not say all of it, so each experiment has several recipes.

Told of the paper (arXiv 1901.08557): the data, ReLU, Adam, five hidden neurons for Iris. Not told, and varied
here: whether features are standardised, the learning rate of the deep network, the initialisation (a seed
each). Chosen here: 300 steps on all rows at once, five neurons in each hidden layer.
"""

from dataclasses import dataclass

STEPS = 300


@dataclass(frozen=True)
class Recipe:
    """id: unique, for file names. hidden: sizes of the hidden layers. rate: of Adam."""

    id: str
    experiment: str
    data: str
    words: str
    standardised: bool
    hidden: tuple[int, ...]
    rate: float


RECIPES = (
    Recipe("iris-raw", "iris", "iris", "raw features", False, (5,), 1e-2),
    Recipe("iris-std", "iris", "iris", "standardised", True, (5,), 1e-2),
    Recipe("banknote-raw", "banknote", "banknote", "raw features", False, (5,), 1e-2),
    Recipe("banknote-std", "banknote", "banknote", "standardised", True, (5,), 1e-2),
    Recipe("deep-raw", "banknote-deep", "banknote", "raw, rate 0.01", False, (5, 5), 1e-2),
    Recipe("deep-raw-fast", "banknote-deep", "banknote", "raw, rate 0.1", False, (5, 5), 1e-1),
    Recipe("deep-std", "banknote-deep", "banknote", "standardised, rate 0.01", True, (5, 5), 1e-2),
    Recipe("deep-std-fast", "banknote-deep", "banknote", "standardised, rate 0.1", True, (5, 5), 1e-1),
)  # fmt: skip
EXPERIMENTS = {
    "iris": "Iris, one hidden layer",
    "banknote": "Banknote, one hidden layer",
    "banknote-deep": "Banknote, two hidden layers",
}
BY_ID = {recipe.id: recipe for recipe in RECIPES}


def recipes_of(experiment: str) -> tuple[Recipe, ...]:
    """Those of one experiment, or of `all`."""
    return tuple(recipe for recipe in RECIPES if experiment in ("all", recipe.experiment))
