"""The model of a command line: a file, or one of MLflow's registry, with its weights inside in any case."""

import atexit
import mmap
import os
import shutil
import stat
import tempfile
from pathlib import Path

from estimator.errors import InvalidModel, Place
from estimator.model.limits import ModelLimits
from service.cli.input_files import usable_file
from service.report.text import shown

_KEY = b"location"  # what every tensor with external data has


def model_file(argument: str, name: str = "MODEL") -> Path:
    """The file of MODEL: a path, or a model of MLflow's registry (`models:/NAME/VERSION`), fetched.

    Where it keeps weights in files beside it, a copy in one piece, in a folder that goes with the program.
    Raises InvalidParameter, InvalidModel, LimitExceeded.
    """
    if argument.startswith("models:/") and not Path(argument).exists():
        from service.mlflow_run.registered_model import registered_model

        argument = str(registered_model(argument))
    return _in_one_piece(usable_file(argument, name, ModelLimits().bytes))


def _in_one_piece(path: Path) -> Path:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as seen:
        if seen.find(_KEY) < 0:
            return path
    from estimator.model.external_data import external_files, with_data_inside

    limits, data = ModelLimits(), path.read_bytes()
    names = external_files(data, limits)
    if not names:
        return path
    for name in names:
        _check_beside(path, name)
    whole = with_data_inside(data, {name: path.parent / name for name in names}, limits)
    folder = Path(tempfile.mkdtemp(prefix="nif-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / path.name
    copy.write_bytes(whole)
    return copy


def _check_beside(model: Path, name: str) -> None:
    """Raises InvalidModel unless the model's own folder holds a plain file of exactly this name.

    A model names its data files, and who runs it may not be who made it: a link could lead anywhere.
    """
    try:
        kind = os.lstat(model.parent / name).st_mode
        # Also where the file system takes other letter cases.
        exact = any(found.name == name for found in model.parent.iterdir())
    except OSError:
        kind, exact = 0, False
    if stat.S_ISREG(kind) and exact:
        return
    what = "a link, which is not followed" if stat.S_ISLNK(kind) else "not a plain file there"
    detail = (
        f"MODEL keeps weights as external data in {shown(name, 120)}, which must lie beside it; it is {what}"
    )
    raise InvalidModel(detail, errors=[Place(detail, field="MODEL")])
