"""Are the libraries of the extra `reproduce` there? Asked before minutes of work; loads none."""

from importlib.util import find_spec

from estimator.errors import MissingExtra

LIBRARIES = ("captum", "matplotlib", "onnx2pytorch", "onnxscript", "plotly", "shap", "sklearn", "torch")


def check_installed() -> None:
    """Raises MissingExtra, naming the first that is not."""
    for library in LIBRARIES:
        if find_spec(library) is None:
            raise MissingExtra(
                f"the experiments need {library}, which is not installed; run: "
                "pip install 'neural-information-flow[reproduce]'"
            )
