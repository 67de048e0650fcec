"""Where the wheel of plotly keeps its JavaScript; the page needs that file beside it or served."""

from importlib.util import find_spec
from pathlib import Path

from estimator.errors import MissingExtra

FILE_NAME = "plotly.min.js"


def plotly_bundle() -> Path:
    """The script's path. Raises MissingExtra where plotly is not installed."""
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        script = Path(folder) / "package_data" / FILE_NAME
        if script.is_file():
            return script
    raise MissingExtra(
        "the report needs plotly, which is not installed; pip install 'neural-information-flow[report]'"
    )
