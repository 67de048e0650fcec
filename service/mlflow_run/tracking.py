"""The client of an MLflow tracking server, with its errors as ours."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from estimator.errors import InvalidParameter, NotFound, Place, Unavailable

URI = "MLFLOW_TRACKING_URI"
_LOGIN = re.compile(r"://[^/@\s]*@")
# Nothing is told to anybody else, nothing is drawn over our own output, and an absent server is known soon.
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "GIT_PYTHON_REFRESH": "quiet",
}


def tracking_uri(given: str | None) -> str:
    """The server's URI. Raises InvalidParameter where none is said: no folder of runs is made by guess."""
    uri = given or os.environ.get(URI)
    if not uri:
        detail = f"no MLflow server is named: give --mlflow-uri, or set {URI}"
        raise InvalidParameter(detail, errors=[Place(detail, field="--mlflow-uri")])
    return uri


@contextmanager
def tracking(uri: str) -> Iterator[Any]:
    """MLflow's client of the server. Raises ModuleNotFoundError without the extra.

    What MLflow raises inside becomes NotFound or Unavailable, without the login that the URI may hold.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow
    from mlflow.exceptions import MlflowException

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        yield mlflow.MlflowClient(uri, uri)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"):
            raise NotFound(f"MLflow: {_said(error)}") from error
        unanswered = any(isinstance(cause, OSError) for cause in _causes(error))
        why = "it does not answer" if unanswered else _said(error)
        raise Unavailable(f"MLflow at {without_password(uri)}: {why}") from error
    except OSError as error:  # of requests, too
        raise Unavailable(f"MLflow at {without_password(uri)}: it does not answer") from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _said(error: BaseException) -> str:
    """The first line of what MLflow says, which may hold the URI with its login."""
    return _LOGIN.sub("://", str(error).partition("\n")[0])[:300]


def without_password(uri: str) -> str:
    return _LOGIN.sub("://", uri)
