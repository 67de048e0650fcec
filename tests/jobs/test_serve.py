"""`nif serve` whole: processes killed under it, ports taken, and the exit in good order."""

import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from estimator.errors import Unavailable
from service.jobs.worker import run_worker
from service.serve import serve
from service.settings import load_settings
from tests.cli.nif import nif, refusal
from tests.jobs.jobs_here import wait_for
from tests.jobs.serving import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path)
    yield running
    if running.process.poll() is None:
        running.stop()


def test_an_analysis_survives_the_death_of_its_worker_and_the_service_ends_with_0(service):
    wait_for(lambda: "worker ready" in service.log.read_text())
    analysis = service.submit()
    wait_for(lambda: service.status(analysis) == "running")
    service.part("worker").kill()
    wait_for(lambda: service.status(analysis) == "done", 60)
    stored = requests.get(f"{service.url}/analyses/{analysis}/network", timeout=30).json()
    assert len(stored["links"]) == 35
    assert service.stop() == 0


def test_without_a_folder_for_temporary_files_nothing_begins(tmp_path, monkeypatch):
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    for begin in serve, run_worker:
        with pytest.raises(Unavailable, match="set TMPDIR"):
            begin(load_settings({"NIF_DATA_DIR": str(tmp_path / "data")}))
    assert not (tmp_path / "data").exists()


def test_a_dead_api_is_started_again_at_the_same_address(service):
    service.part("gunicorn").kill()
    wait_for(lambda: '"part": "api"' in service.log.read_text())
    assert requests.get(f"{service.url}/healthz", timeout=30).status_code == 200


def test_nothing_stays_behind_when_the_service_itself_is_killed_and_it_starts_again(service, tmp_path):
    analysis = service.submit()
    assert service.stop(signal.SIGKILL) == -signal.SIGKILL
    again = Service(tmp_path)
    try:
        wait_for(lambda: again.status(analysis) == "done", 60)
        assert again.stop(signal.SIGINT) == 0
    finally:
        if again.process.poll() is None:
            again.stop()


def test_no_process_of_the_api_maps_a_numerical_runtime(service):
    service.submit()
    api = service.part("gunicorn")
    for process in [api, *api.children(recursive=True)]:
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        assert "flask" in maps or "python" in maps
        assert "libtorch" not in maps
        assert "onnxruntime" not in maps


def test_a_taken_port_is_refused_in_one_line(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        line = refusal(nif(tmp_path, "serve", "--port", str(port), timeout=30))
    assert f"port {port}: Address already in use" in line


@pytest.mark.parametrize("env", [{"NIF_HOST": "0.0.0.0"}, {"NIF_HOST": "::"}, {"NIF_PUBLIC": "true"}])  # noqa: S104
def test_the_outside_is_not_served_without_keys(tmp_path, env):
    began = time.monotonic()
    line = refusal(nif(tmp_path, "serve", "--port", "0", env=env, timeout=30))
    assert next(iter(env)) in line
    assert "nif keys create" in line
    assert time.monotonic() - began < 15


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "data").write_text("a file")
    assert str(tmp_path / "data") in refusal(nif(tmp_path, "serve", "--port", "0", timeout=30))


def test_all_files_are_private(service, tmp_path):
    service.submit()
    os.umask(0o022)
    readable = [
        path for path in (tmp_path / "data").rglob("*") if path.is_file() and path.stat().st_mode & 0o077
    ]
    assert readable == []
