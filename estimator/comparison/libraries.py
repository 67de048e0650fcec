"""The libraries that some methods need, all in the extra `compare`."""

from collections.abc import Iterable
from importlib.util import find_spec

from estimator.errors import MissingExtra, Place

LIBRARIES = {"shap": ("shap",), "integrated_gradients": ("captum", "onnx2pytorch")}


def check_installed(methods: Iterable[str]) -> None:
    """Raises MissingExtra, naming the extra, where a method's library is not there. Loads none of them."""
    for method in methods:
        for library in LIBRARIES.get(method, ()):
            if find_spec(library) is None:
                detail = (
                    f"the method {method} needs {library}, which is not installed; run: "
                    f"pip install 'neural-information-flow[compare]'; or leave {method} out of methods"
                )
                raise MissingExtra(detail, errors=[Place(detail, field="methods")])
