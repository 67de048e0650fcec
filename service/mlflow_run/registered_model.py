"""A model of MLflow's registry by its URI, `models:/name/version` or `models:/name@alias`."""

import atexit
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from estimator.errors import InvalidParameter, Place
from service.mlflow_run.tracking import tracking, tracking_uri
from service.report.text import shown

PREFIX = "models:/"
_URI = re.compile(r"models:/[^/@]{1,250}([/@][^/@]{1,250})")


def registered_model(uri: str) -> Path:
    """The ONNX file, in a folder that is removed when the program ends.

    Raises InvalidParameter for a URI that names no version and for a model of another flavour, NotFound,
    Unavailable, and ModuleNotFoundError without the extra.
    """
    if not _URI.fullmatch(uri):
        raise _refuse(f"MODEL {shown(uri, 120)} must be models:/NAME/VERSION or models:/NAME@ALIAS")
    folder = Path(tempfile.mkdtemp(prefix="nif-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tracking(tracking_uri(None)):
        from mlflow.artifacts import download_artifacts
        from mlflow.models import Model

        found = Path(download_artifacts(uri, dst_path=str(folder)))
        flavors: dict[str, Any] = Model.load(str(found)).flavors
    if "onnx" not in flavors:
        names = ", ".join(sorted(flavors)) or "none"
        raise _refuse(
            f"MODEL {shown(uri, 120)} has the flavours {names}; nif reads onnx: log it with mlflow.onnx"
        )
    return _file(found, str(flavors["onnx"].get("data")), uri)


def _file(folder: Path, name: str, uri: str) -> Path:
    """The file that the flavour names, if it is a plain one of the folder: the registry is not ours."""
    path = folder / name
    if path.is_dir():
        path = path / "model.onnx"
    inside = path.resolve().is_relative_to(folder.resolve())
    if not inside or path.is_symlink() or not path.is_file():
        raise _refuse(f"MODEL {shown(uri, 120)} names {shown(name)!r} as its file, which it does not hold")
    return path


def _refuse(detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field="MODEL")])
