"""Children that misbehave, each in its own way; run as `fake_child.py WORK DESCRIPTOR PARENT`.

WORK `estimating`: what the dataset's bytes say (see test_worker.py); `studying`: what the study's options
say. Any other WORK is a behaviour itself.
"""

import ctypes
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path


def say(descriptor: int, **message: object) -> None:
    os.write(descriptor, json.dumps(message).encode() + b"\n")


def behave(how: str, descriptor: int, request: dict) -> None:
    if how == "answer":
        say(descriptor, phase="estimating", done=1, total=2)
        say(descriptor, result={"echo": request})
    elif how == "abort":
        os.abort()
    elif how == "segfault":
        ctypes.string_at(0)
    elif how == "oom-killed":
        time.sleep(1)  # long enough to be measured
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "silent exit":
        sys.exit(0)
    elif how == "exit 3":
        sys.exit(3)
    elif how == "half a message":
        os.write(descriptor, b'{"result": {')
    elif how == "no JSON":
        os.write(descriptor, b"hello\n")
        time.sleep(600)
    elif how == "closes its pipe":
        os.close(descriptor)
        time.sleep(600)
    elif how == "endless line":
        while True:
            os.write(descriptor, b"x" * 65536)
    elif how == "prints much":
        for _ in range(2000):
            os.write(1, b"y" * 65536)
        say(descriptor, result={})
    elif how == "eats memory":
        hoard = []
        while True:
            hoard.append(bytearray(32 << 20))
            time.sleep(0.01)
    elif how == "sleeps":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    elif how == "leaves grandchildren":
        for detach in (False, True):
            if os.fork() == 0:
                if detach:
                    os.setsid()
                    if os.fork():
                        os._exit(0)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(600)
        time.sleep(0.5)
        say(descriptor, result={})
    elif how == "store fails":
        say(descriptor, unavailable={"detail": "too little memory", "answers": True})
    elif how == "environment":
        say(descriptor, result={"names": sorted(os.environ), "argv": sys.argv})
    else:
        raise SystemExit(f"unknown: {how}")


def estimate(descriptor: int, request: dict) -> None:
    """Says 20 steps of progress, `seconds` in all, and leaves a small network; counts its starts."""
    from estimator.network_file import save_network
    from tests.networks import random_network

    orders = json.loads(Path(request["data"]["path"]).read_text())
    with Path(orders["starts"]).open("a") as file:
        file.write(f"{os.getpid()}\n")
    if "behave" in orders:
        behave(orders["behave"], descriptor, request)
        return
    for step in range(21):
        say(descriptor, phase="estimating", done=step, total=20)
        time.sleep(orders["seconds"] / 20)
    path = Path(request["folder"]) / "network.nif"
    save_network(random_network(7), path)
    say(descriptor, result={"sha256": hashlib.sha256(path.read_bytes()).hexdigest()})


def study(descriptor: int, request: dict) -> None:
    """Says 20 steps of two phases of its own, and leaves a document; counts its starts."""
    orders = request["options"]
    with Path(orders["starts"]).open("a") as file:
        file.write(f"{os.getpid()}\n")
    if "behave" in orders:
        behave(orders["behave"], descriptor, request)
        return
    for phase in ("shaking", "stirring"):
        for step in range(21):
            say(descriptor, phase=phase, done=step, total=20)
            time.sleep(orders["seconds"] / 40)
    path = Path(request["folder"]) / "study.json"
    path.write_text(json.dumps({"kind": request["kind"], "verdict": "pass"}))
    say(descriptor, result={"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "verdict": "pass"})


if __name__ == "__main__":
    work, pipe, parent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    order = json.load(sys.stdin)
    if work == "estimating":
        from service.jobs.processes import die_with_parent

        die_with_parent(parent)
        estimate(pipe, order)
    elif work == "studying":
        from service.jobs.processes import die_with_parent

        die_with_parent(parent)
        study(pipe, order)
    elif work in ("storing", "storing study"):
        from service.jobs.child_main import main

        sys.stdin.seek(0)
        main()
        if os.environ.get("KILL_WORKER_AFTER_STORING") == work:
            os.kill(parent, signal.SIGKILL)
    else:
        behave(work, pipe, order)
