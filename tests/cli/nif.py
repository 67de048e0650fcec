"""`nif` as a process of its own, as a shell would start it."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
NIF = (sys.executable, "-P", "-m", "service.cli")
IRIS = ROOT / "examples/iris/iris.onnx", ROOT / "examples/iris/iris.csv"


def environment(data_dir: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NIF_")}
    return kept | {"NIF_DATA_DIR": str(data_dir), "OMP_NUM_THREADS": "1"} | dict(extra or {})


def nif(
    folder: Path, *arguments: str | bytes | Path, env: Mapping[str, str] | None = None, timeout: float = 120
) -> "subprocess.CompletedProcess[str]":
    """Run it in `folder`, with a data folder inside."""
    return subprocess.run(
        [*NIF, *arguments],
        cwd=folder,
        env=environment(folder / "data", env),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def refusal(done: "subprocess.CompletedProcess[str]") -> str:
    """The one line of a refusal: exit code 2, nothing on stdout, no traceback."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("nif: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def shell(folder: Path, command: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """A shell command in which $0 is nif and $1 ... are the arguments."""
    script = " ".join(NIF)
    line: Sequence[str | Path] = ["bash", "-c", command.replace("nif", script), "nif", *arguments]
    return subprocess.run(
        line,
        cwd=folder,
        env=environment(folder / "data"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
