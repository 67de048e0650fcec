"""The child process: `python -m estimator.runtime.child` in its private folder, with `job.json` in it.

It takes its limits upon itself first, and loads what can hurt only then.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from estimator.errors import MemoryLimit, NifError

# name -> module and function(arguments, say); nothing else can be run.
TASKS = {
    "ablation": ("estimator.ablation.masked_child", "run_masked"),
    "activations": ("estimator.runtime.session", "compute_activations"),
    "pruning": ("estimator.pruning.pruning_child", "prune_model"),
    "gradients": ("estimator.comparison.gradients_child", "compute_gradients"),
    "parquet": ("estimator.data.parquet_child", "read_parquet_columns"),
    "shap": ("estimator.comparison.shapley_child", "compute_shap_values"),
}
OPEN_FILES = 64
PR_SET_PDEATHSIG = 1

Say = Callable[[dict[str, Any]], None]


def main() -> int:
    job = json.loads(Path("job.json").read_bytes())
    say = _private_stdout()
    _limit_itself(job["limits"])
    module, function = TASKS[job["task"]]
    try:
        getattr(import_module(module), function)(job["arguments"], say)
    except NifError as error:
        say({"error": error.slug, "detail": error.detail, "errors": [p.as_dict() for p in error.errors]})
        return 1
    except MemoryError:
        say({"error": MemoryLimit.slug, "detail": "the process ran out of memory"})
        return 1
    except Exception:  # noqa: BLE001 -- whatever it is, the parent must see its end and its words
        traceback.print_exc()
        return 2
    say({"finished": True})
    return 0


def _private_stdout() -> Say:
    """Messages go to the pipe; what native code prints on standard output goes to standard error."""
    pipe = os.dup(1)
    os.dup2(2, 1)

    def say(message: dict[str, Any]) -> None:
        os.write(pipe, json.dumps(message).encode() + b"\n")

    return say


def _limit_itself(limits: dict[str, Any]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # no orphan of a killed worker
        Path("/proc/self/oom_score_adj").write_text("1000")  # the kernel ends the child before the worker
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_AS, limits["address_bytes"]),
    ):
        hard = resource.getrlimit(kind)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))


if __name__ == "__main__":
    sys.exit(main())
