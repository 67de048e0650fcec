"""What methods, references and metrics of a comparison are called on pages and in the terminal."""

from collections.abc import Sequence

METHODS = {
    "nif": "NIF",
    "shap": "SHAP",
    "integrated_gradients": "Integrated Gradients",
    "mi": "plain MI",
}
REFERENCES = {"classes": "MI with the classes", "outputs": "MI with the outputs"}
METRICS = {"accuracy": "accuracy", "auc": "AUC", "rmse": "RMSE"}


def named(key: str) -> str:
    """Of a method or a reference."""
    return METHODS.get(key) or REFERENCES[key]


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
