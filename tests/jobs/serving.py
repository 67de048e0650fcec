"""A running `nif serve`: API and worker in processes of their own, asked over HTTP."""

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.cli.nif import IRIS, NIF, environment


class Service:
    """A running `nif serve`. url: what it printed."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.folder = folder
        self.log = folder / "serve.log"
        self.process = subprocess.Popen(
            [*NIF, "serve", "--port", "0", *arguments],
            cwd=folder,
            env=environment(folder / "data", variables),
            stdout=subprocess.PIPE,
            stderr=self.log.open("ab"),
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.match(r"nif serves (http://127\.0\.0\.1:\d+/v1) ", line)
        assert found, (line, self.log.read_text())
        self.url = found[1]

    def part(self, words: str) -> psutil.Process:
        """The first child whose command line holds the words."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if words in " ".join(child.cmdline()))

    def submit(self) -> str:
        model, data = IRIS
        return self.analysis(model.read_bytes(), data.read_bytes(), {"target": "species"})

    def analysis(self, model: bytes, data: bytes, options: dict[str, Any]) -> str:
        files = {"model": ("m.onnx", model), "data": ("d.csv", data)}
        fields = {"options": json.dumps(options)}
        answer = requests.post(f"{self.url}/analyses", files=files, data=fields, timeout=30)
        assert answer.status_code == 202, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def status(self, analysis: str) -> str:
        return requests.get(f"{self.url}/analyses/{analysis}", timeout=30).json()["status"]

    def stop(self, number: int = signal.SIGTERM) -> int:
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        code = self.process.wait(40)
        psutil.wait_procs(family, timeout=15)
        assert not [p for p in family if p.is_running()]
        return code
