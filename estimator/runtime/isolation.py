"""The command that starts a child process, as isolated as this machine allows.

`bubblewrap`: own namespaces without network, no file but Python's own (read-only) and the private folder.
`rlimits`: limits on memory, CPU time, files and processes only; the child can still read what its user can.
"""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from estimator.errors import Unavailable
from estimator.runtime.limits import Isolation, RunLimits

# The child's whole environment, but for PYTHONPATH. Telemetry is off before onnxruntime is imported.
ENVIRONMENT = {
    "ORT_DISABLE_TELEMETRY": "1",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "upb",
}
SYSTEM_FOLDERS = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime")


def isolation() -> Isolation:
    """What a child is isolated by on this machine."""
    return "bubblewrap" if _bubblewrap_works() else "rlimits"


@cache
def _bubblewrap_works() -> bool:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return False
    command = [bwrap, *_namespaces(), *_system(), sys.executable, "-c", ""]
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def child_command(module: str, folder: Path, limits: RunLimits) -> list[str]:
    """The argument list that runs `python -m module` with the private folder as its current one.

    Raises Unavailable where the limits ask for bubblewrap and it does not work here.
    """
    python = [sys.executable, "-s", "-P", "-m", module]
    if limits.isolation == "rlimits":
        return python
    if isolation() == "bubblewrap":
        bwrap = shutil.which("bwrap") or "bwrap"
        inside = ["--bind", str(folder), str(folder), "--chdir", str(folder)]
        return [bwrap, *_namespaces(), *_system(), *inside, *python]
    if limits.isolation == "bubblewrap":
        raise Unavailable("isolation is set to bubblewrap, and bwrap does not work here; install bubblewrap")
    return python


def child_environment() -> dict[str, str]:
    return ENVIRONMENT | {"PYTHONPATH": ":".join(str(path) for path in _python_path())}


def _namespaces() -> list[str]:
    return [
        "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",  # noqa: S108
    ]  # fmt: skip


def _system() -> list[str]:
    arguments: list[str] = []
    for name in SYSTEM_FOLDERS:
        path = Path(name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            arguments += ["--ro-bind", name, name]
    wanted = [Path(name) for name in SYSTEM_FILES]
    wanted += [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent.parent]
    wanted += [*_packages(), _estimator()]
    for path in dict.fromkeys(wanted):
        if path.exists() and not any(str(path).startswith(folder + "/") for folder in SYSTEM_FOLDERS):
            arguments += ["--ro-bind", str(path), str(path)]
    return arguments


def _estimator() -> Path:
    return Path(__file__).resolve().parent.parent


def _packages() -> list[Path]:
    """Folders of installed packages: those that Python looks into and that are named so."""
    return [Path(p) for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]


def _python_path() -> list[Path]:
    return [_estimator().parent, *_packages()]
