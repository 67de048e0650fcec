"""Why a job failed, as plain JSON values that a problem document is made of."""

import errno
import signal
from typing import Any

from estimator.errors import (
    DISK_FULL,
    MemoryLimit,
    ModelCrashed,
    NifError,
    StorageLimit,
    TimeLimit,
    Unavailable,
)

LONGEST = 500  # characters of a detail


class InternalError(NifError):
    slug, title = "internal-error", "The worker met an error that it does not know"


def problem_of(error: NifError) -> dict[str, Any]:
    """slug, title, detail and errors (the places) of an error."""
    return {
        "slug": error.slug,
        "title": error.title,
        "detail": shorten(error.detail),
        "errors": [place.as_dict() for place in error.errors[:100]],
    }


def shorten(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def time_limit(seconds: float) -> NifError:
    return TimeLimit(
        f"The job took longer than {seconds:g} seconds, the limit of this service; "
        "analyse fewer rows or a smaller model, or choose the estimator convex"
    )


def memory_limit(used: int, limit: int) -> NifError:
    return MemoryLimit(
        f"The job used {used >> 20} MiB, and the limit of this service is {limit >> 20} MiB; "
        "analyse fewer rows or a smaller model"
    )


def no_memory() -> NifError:
    return MemoryLimit("The job needs more memory than there is; analyse fewer rows or a smaller model")


def storage_limit() -> NifError:
    return StorageLimit("The disk of the service is full; make room and submit the job again")


def want_of_room(error: OSError) -> NifError | None:
    """The error in words, if the system had no more of something: of disk, processes, descriptors, memory."""
    if error.errno in DISK_FULL:
        return storage_limit()
    if error.errno in (errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        return Unavailable(
            f"The worker could not begin the process of the job ({error.strerror}): its host or its limits "
            "leave it no process, descriptor or memory; submit the job again when there is room"
        )
    return None


def died(returncode: int, used: int) -> NifError:
    """The error for a child that ended without an answer. used: bytes of memory when it was last seen."""
    if returncode == -signal.SIGKILL:
        seen = f" (it used {used >> 20} MiB when last seen)" if used else ""
        return MemoryLimit(
            "The process of the job was killed by the system, SIGKILL, most likely because the machine "
            f"ran out of memory{seen}; analyse fewer rows or a smaller model"
        )
    if returncode == -signal.SIGBUS:
        return storage_limit()
    if returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"signal {-returncode}"
        return ModelCrashed(f"The process that ran the model died of {name}; the model breaks the runtime")
    return ModelCrashed(f"The process that ran the model ended (exit code {returncode}) without an answer")
