"""Which extra of the distribution brings which library, to say so when it isn't there."""

from estimator.errors import MissingExtra

EXTRAS = {
    "estimator": ("networkit", "networkx", "onnx", "onnxruntime", "pyarrow", "torch"),
    "report": ("jinja2", "plotly"),
    "audit": ("marshmallow", "ruamel"),
    "api": ("dbos", "flask", "flask_smorest", "gunicorn", "marshmallow", "sqlalchemy"),
    "postgres": ("psycopg",),
    "neo4j": ("neo4j",),
    "evidence": ("cryptography",),
    "compare": ("captum", "onnx2pytorch", "shap"),
    "reproduce": ("matplotlib", "onnxscript", "sklearn"),
    "mlflow": ("mlflow",),
}


def missing_extra(error: ModuleNotFoundError) -> MissingExtra | None:
    """The error in words, if the module is one of an extra's."""
    root = (error.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if root in modules:
            install = f"pip install 'neural-information-flow[{extra}]'"
            return MissingExtra(f"this needs {root}, which is not installed; run: {install}")
    return None
