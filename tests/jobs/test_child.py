"""A child process that misbehaves is ended, with its whole group, and gives a problem that says why."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from service.jobs import child_main
from service.jobs.child import ChildLimits, Stopped, run_child

FAKE = (sys.executable, "-m", "tests.jobs.fake_child")
GIB = 1 << 30


def run(how, *, seconds=60.0, memory=4 * GIB, should_stop=lambda: False, progress=None, request=None):
    heard = progress if progress is not None else []
    limits = ChildLimits(seconds, memory)
    return run_child(
        how, request or {}, limits, lambda *report: heard.append(report), should_stop, program=FAKE
    )


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No process and no descriptor more than before; servers of other tests may be there, or go."""
    processes = set(psutil.Process().children(recursive=True))
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    yield
    assert set(psutil.Process().children(recursive=True)) <= processes
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors


def test_progress_and_the_answer_are_heard():
    heard = []
    answer = run("answer", progress=heard, request={"name": "\udcff é \x1b"})
    assert answer == {"result": {"echo": {"name": "\udcff é \x1b"}}}
    assert heard == [("estimating", 1, 2)]


@pytest.mark.parametrize(
    ("how", "slug", "words"),
    [
        ("abort", "model-crashed", "SIGABRT"),
        ("segfault", "model-crashed", "SIGSEGV"),
        ("oom-killed", "memory-limit", "SIGKILL"),
        ("silent exit", "model-crashed", "exit code 0"),
        ("exit 3", "model-crashed", "exit code 3"),
        ("half a message", "model-crashed", "exit code 0"),
        ("no JSON", "model-crashed", "cannot be read"),
        ("endless line", "model-crashed", "without end"),
    ],
)
def test_a_child_without_a_proper_answer_is_a_problem(how, slug, words):
    problem = run(how)["problem"]
    assert problem["slug"] == slug
    assert words in problem["detail"]


@pytest.mark.parametrize("how", ["sleeps", "closes its pipe"])
def test_the_time_limit_ends_a_child_that_ignores_signals(how):
    began = time.monotonic()
    problem = run(how, seconds=1.5)["problem"]
    assert problem["slug"] == "time-limit"
    assert "1.5 seconds" in problem["detail"]
    assert time.monotonic() - began < 5


def test_the_memory_limit_ends_a_child_and_says_both_numbers():
    problem = run("eats memory", memory=300 << 20)["problem"]
    assert problem["slug"] == "memory-limit"
    assert "300 MiB" in problem["detail"]


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ("libtorch.so: failed to map segment from shared object", "memory-limit"),
        ("libtorch.so: undefined symbol: x", "internal-error"),
    ],
)
def test_a_library_that_does_not_fit_into_memory_is_no_unknown_error(monkeypatch, said, slug):
    def load(name):
        raise ImportError(said)

    monkeypatch.setattr(child_main, "import_module", load)
    assert child_main.answer("estimating", {}, lambda message: None)["problem"]["slug"] == slug


def test_a_child_that_prints_without_end_does_not_fill_our_memory():
    before = psutil.Process().memory_info().rss
    assert run("prints much") == {"result": {}}
    assert psutil.Process().memory_info().rss - before < 30 << 20


def test_a_stop_kills_the_child_at_once():
    began = time.monotonic()
    with pytest.raises(Stopped):
        run("sleeps", should_stop=lambda: time.monotonic() - began > 1)
    assert time.monotonic() - began < 4


def test_grandchildren_that_detach_themselves_are_gone_too():
    before = {p.pid for p in psutil.process_iter()}
    assert run("leaves grandchildren") == {"result": {}}
    new, ours = [], str(os.getpid())  # which the children are told; other tests have children, too
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            words = process.cmdline()
            if process.pid not in before and "tests.jobs.fake_child" in words and words[-1] == ours:
                new.append(process)
    assert new == []


def test_orphans_are_adopted_only_while_it_runs():
    run("leaves grandchildren")
    command = ["sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!"]
    orphan = psutil.Process(int(subprocess.run(command, capture_output=True, check=True).stdout))
    assert orphan.ppid() != os.getpid()
    orphan.kill()


def test_the_child_sees_no_setting_and_no_request_on_its_command_line(monkeypatch):
    monkeypatch.setenv("NIF_STORE", "bolt://neo4j:canary-password@host")
    seen = run("environment", request={"store": "canary-password"})["result"]
    assert not [name for name in seen["names"] if name.startswith("NIF_")]
    assert "canary-password" not in " ".join(seen["argv"])
    assert "ORT_DISABLE_TELEMETRY" in seen["names"]
