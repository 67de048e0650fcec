"""What a hostile child can reach: nothing but its own folder, and only within its limits."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from estimator.errors import Unavailable
from estimator.runtime import isolation as isolation_module
from estimator.runtime.isolation import child_command, child_environment, isolation
from estimator.runtime.limits import RunLimits

TRY_EVERYTHING = """
import json, os, socket, sys
from pathlib import Path
secret, port, parent = sys.argv[1:]
def tried(what):
    try:
        return repr(what())
    except BaseException as error:
        return type(error).__name__
print(json.dumps({
    "secret": tried(lambda: Path(secret).read_text()),
    "connect": tried(lambda: socket.create_connection(("127.0.0.1", int(port)), timeout=2)),
    "parent": tried(lambda: Path(f"/proc/{parent}/environ").read_bytes()),
    "signal": tried(lambda: os.kill(int(parent), 0)),
    "passwords": tried(lambda: Path("/etc/passwd").read_text()),
    "home": tried(lambda: os.listdir(Path.home())),
    "outside": tried(lambda: Path(secret + ".new").write_text("x")),
    "environment": sorted(os.environ),
}))
"""


def child_says(code: str, folder: Path, *arguments: str) -> dict[str, Any]:
    command = child_command("unused", folder, RunLimits())
    command[-2:] = ["-c", code, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=child_environment(), capture_output=True, check=True, timeout=30
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.skipif(isolation() != "bubblewrap", reason="bubblewrap does not work here")
def test_in_bubblewrap_nothing_outside_can_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIF_CANARY", "secret")
    secret, folder = tmp_path / "secret", tmp_path / "private"
    secret.write_text("canary")
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        said = child_says(TRY_EVERYTHING, folder, str(secret), port, str(os.getpid()))
    assert "canary" not in said["secret"]
    assert said["secret"] == said["passwords"] == said["parent"] == "FileNotFoundError"
    assert said["home"] in ("FileNotFoundError", "RuntimeError")
    assert said["connect"] == "ConnectionRefusedError"
    assert said["signal"] == "ProcessLookupError"
    assert "NIF_CANARY" not in said["environment"]
    assert not Path(f"{secret}.new").exists()


def test_the_childs_environment_holds_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIF_CANARY", "secret")
    said = child_says("import json, os; print(json.dumps(dict(os.environ)))", tmp_path)
    assert "NIF_CANARY" not in said
    assert said["ORT_DISABLE_TELEMETRY"] == "1"


def test_the_limits_hold_in_the_child(tmp_path: Path) -> None:
    code = """
import json, os, resource
from estimator.runtime.child import _limit_itself
_limit_itself({"cpu_seconds": 7, "address_bytes": 2**30, "file_bytes": 0})
def tried(what):
    try:
        return what()
    except BaseException as error:
        return type(error).__name__
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
print(json.dumps({
    "cpu": resource.getrlimit(resource.RLIMIT_CPU),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "write": tried(lambda: open("file", "w").write("x" * 99999)),
    "memory": tried(lambda: len(bytearray(2**31))),
    "files": tried(lambda: [open("/dev/null") for _ in range(1000)]),
}))
"""
    said = child_says(code, tmp_path)
    assert said["cpu"] == [7, 7] and said["core"] == [0, 0]
    assert (said["write"], said["memory"], said["files"]) == ("OSError", "MemoryError", "OSError")


def broken_bubblewrap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bwrap = folder / "bwrap"
    bwrap.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.fixture
def forgotten() -> Any:
    """What was found out about bubblewrap is found out again, before and after the test."""
    isolation_module._bubblewrap_works.cache_clear()
    yield
    isolation_module._bubblewrap_works.cache_clear()


@pytest.mark.parametrize("how", ["absent", "broken"])
def test_without_bubblewrap_the_fallback_is_said(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgotten: None
) -> None:
    if how == "broken":
        broken_bubblewrap(tmp_path, monkeypatch)
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    assert isolation() == "rlimits"
    assert child_command("m", tmp_path, RunLimits())[0] == sys.executable
    with pytest.raises(Unavailable, match="install bubblewrap"):
        child_command("m", tmp_path, RunLimits(isolation="bubblewrap"))
