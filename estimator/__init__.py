"""Neural information flow: a trained network and data in, a graph of who tells whom how much out.

    from estimator import Options, analyze, read_table
    network = analyze(Path("iris.onnx").read_bytes(), read_table(Path("iris.csv")), Options(target="species"))

Names are loaded on first use, so that `import estimator` needs neither torch nor onnxruntime.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from estimator.analysis import analyze
    from estimator.data.read import read_table
    from estimator.data.table import Table, TableFormat, TableLimits
    from estimator.model.plan import ModelPlan
    from estimator.model.read import read_model
    from estimator.mutual_information.pairs import mutual_information, mutual_information_within
    from estimator.network import FlowNetwork
    from estimator.network_file import load_network, save_network
    from estimator.options import Options
    from estimator.runtime.isolation import isolation
    from estimator.runtime.limits import RunLimits

_FROM = {
    "FlowNetwork": "estimator.network",
    "ModelPlan": "estimator.model.plan",
    "Options": "estimator.options",
    "RunLimits": "estimator.runtime.limits",
    "Table": "estimator.data.table",
    "TableFormat": "estimator.data.table",
    "TableLimits": "estimator.data.table",
    "analyze": "estimator.analysis",
    "isolation": "estimator.runtime.isolation",
    "load_network": "estimator.network_file",
    "mutual_information": "estimator.mutual_information.pairs",
    "mutual_information_within": "estimator.mutual_information.pairs",
    "read_model": "estimator.model.read",
    "read_table": "estimator.data.read",
    "save_network": "estimator.network_file",
}

__all__ = [
    "FlowNetwork",
    "ModelPlan",
    "Options",
    "RunLimits",
    "Table",
    "TableFormat",
    "TableLimits",
    "analyze",
    "isolation",
    "load_network",
    "mutual_information",
    "mutual_information_within",
    "read_model",
    "read_table",
    "save_network",
]


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
