"""The child process of a job: `child_main WORK DESCRIPTOR PARENT`, with the request on stdin."""

import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

from estimator.errors import DISK_FULL, NifError
from service.extras import missing_extra
from service.jobs.problems import InternalError, no_memory, problem_of, storage_limit
from service.jobs.processes import be_first_to_go, die_with_parent
from service.stores.protocol import StoreFailed, StoreUnavailable

LOADER_FULL = "failed to map segment"  # of the dynamic loader, for want of memory
# What is asked of a child, and who does it: a function of (request, progress) that returns plain JSON values.
WORKS = {
    "estimating": ("service.jobs.estimating", "estimate"),
    "storing": ("service.jobs.storing", "store"),
    "reproducing": ("service.reproduction.computing", "reproduce"),
    "studying": ("service.studies.computing", "study"),
    "storing study": ("service.jobs.storing", "store_study"),
}
Say = Callable[[dict[str, Any]], None]


def main() -> None:
    work, descriptor, parent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    die_with_parent(parent)
    be_first_to_go()
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pipe = os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")
    # What the work starts itself must not hold the pipe open.
    os.set_inheritable(descriptor, False)

    def say(message: dict[str, Any]) -> None:
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    say(answer(work, json.load(sys.stdin), say))


def answer(work: str, request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Do the work; errors become problems that say where and why, without a value of the data."""

    def progress(phase: str, done: int, total: int) -> None:
        say({"phase": phase, "done": int(done), "total": int(total)})

    try:
        module, function = WORKS[work]
        return {"result": getattr(import_module(module), function)(request, progress)}
    except StoreUnavailable as error:
        return {"unavailable": {"detail": str(error), "answers": isinstance(error, StoreFailed)}}
    except NifError as error:
        return {"problem": problem_of(error)}
    except ModuleNotFoundError as error:
        return {"problem": problem_of(missing_extra(error) or _unexpected(error))}
    except MemoryError:
        return {"problem": problem_of(no_memory())}
    except ImportError as error:
        return {"problem": problem_of(no_memory() if LOADER_FULL in str(error) else _unexpected(error))}
    except OSError as error:
        return {"problem": problem_of(storage_limit() if error.errno in DISK_FULL else _unexpected(error))}
    except Exception as error:  # noqa: BLE001  the last resort: the parent must hear of it
        return {"problem": problem_of(_unexpected(error))}


def _unexpected(error: Exception) -> InternalError:
    """Type and place of an error, for the log; its text may hold data and is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    print(f"{type(error).__name__} at " + " < ".join(f"{f.name}:{f.lineno}" for f in reversed(frames)))  # noqa: T201
    return InternalError(f"The job met an error that it does not know: {type(error).__name__}")


if __name__ == "__main__":
    main()
