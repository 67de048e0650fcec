"""How a child process ended, as the error that the user gets."""

import contextlib
import signal
from dataclasses import dataclass
from typing import Any

from estimator import errors
from estimator.errors import MemoryLimit, ModelCrashed, NifError, Place, TimeLimit
from estimator.runtime.limits import RunLimits

DETAIL_CHARACTERS = 500
MOST_PLACES = 20

_ERRORS = {
    kind.slug: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, NifError)
}


@dataclass
class Heard:
    """error: the child's own report of what went wrong. finished: it said that all is done."""

    error: dict[str, Any] | None = None
    finished: bool = False
    stderr: bytes = b""


def raise_for(status: int, heard: Heard, limits: RunLimits) -> None:
    """Nothing for a child that finished; else the error that it reported, or that its exit status tells."""
    if heard.error is not None:
        raise _reported(heard.error, limits)
    if status == 0 and heard.finished:
        return
    # bubblewrap gives 128 + n where Popen gives -n for a child that died of signal n.
    number = -status if status < 0 else status - 128
    if number == signal.SIGXCPU:
        raise TimeLimit(f"the model took more than {limits.seconds:g} seconds of CPU time, the limit")
    if number == signal.SIGKILL or b"bad_alloc" in heard.stderr or b"MemoryError" in heard.stderr:
        raise MemoryLimit(
            f"the model's process was ended for want of memory; its limit is {limits.memory_bytes} bytes"
        )
    try:
        how = f"by {signal.Signals(number).name}"
    except ValueError:
        how = f"with exit status {status}"
    raise ModelCrashed(f"the process that ran the model was ended {how}; the model was not analysed")


def _reported(message: dict[str, Any], limits: RunLimits) -> NifError:
    kind = _ERRORS.get(str(message["error"]), ModelCrashed)
    detail = str(message.get("detail", ""))[:DETAIL_CHARACTERS]
    if kind is MemoryLimit:
        detail = f"{detail}; the limit is {limits.memory_bytes} bytes"
    places = []
    given = message.get("errors")
    for entry in given[:MOST_PLACES] if isinstance(given, list) else []:
        with contextlib.suppress(TypeError):
            places.append(Place(**entry))
    return kind(detail, errors=places)
