"""A data folder with jobs in it, and workers as processes of their own."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from estimator.data.table import TableFormat
from estimator.network import FlowNetwork
from estimator.options import Options
from service.blobs import Blobs
from service.catalog import Catalog
from service.catalog.analyses import insert_analysis
from service.catalog.studies import insert_study
from service.catalog.uploads import insert_upload
from service.jobs.database import migrate_queue
from service.jobs.queue import JobQueue
from service.jobs.state import JobState
from service.settings import load_settings
from service.stores.open import open_store
from tests.networks import random_network

ROOT = Path(__file__).parents[2]


def wait_for(truth: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, f"not true after {seconds} s"
        time.sleep(0.05)


class JobsHere:
    """starts: a file to which each start of a child adds a line."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.environment = {"NIF_DATA_DIR": str(folder), "NIF_WORKER_NAME": "host"} | variables
        self.settings = load_settings(self.environment)
        self.catalog = Catalog(self.settings.catalog_path)
        self.catalog.migrate()
        self.blobs = Blobs(self.settings.blobs_dir)
        self.store = open_store(self.settings.store)
        self.store.migrate()
        migrate_queue(self.settings.queue)
        self.queue = JobQueue(self.settings.queue)
        self.starts = folder / "starts"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.log = folder / "log"

    def worker(self, real: bool = False, wait: bool = True, **variables: str) -> "subprocess.Popen[bytes]":
        """A worker, ready if `wait`. real: with children that analyse, instead of the fake ones."""
        program = ["service.cli", "worker"] if real else ["tests.jobs.start_worker"]
        before = self.log_text().count("worker ready")
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", *program],
                cwd=ROOT,
                env=os.environ | {"OMP_NUM_THREADS": "1"} | self.environment | variables,
                stderr=log,
                stdout=log,
            )
        self.workers.append(worker)
        if wait:
            wait_for(lambda: self.log_text().count("worker ready") > before)
        return worker

    def log_text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def record(self, orders: dict | bytes, model: bytes = b"model", options: Options | None = None) -> str:
        """An analysis in the catalog, not in the queue. orders: of the fake child, or the real data."""
        data = (
            json.dumps({"starts": str(self.starts)} | orders).encode() if isinstance(orders, dict) else orders
        )
        model_file, data_file = (self.blobs.stage([part], 1 << 20) for part in (model, data))
        with self.catalog.writing() as db:
            for kind, file in (("models", model_file), ("datasets", data_file)):
                self.blobs.keep(file)
                insert_upload(db, kind, "default", file, {})
            hashes = model_file.blob.sha256, data_file.blob.sha256
            return insert_analysis(
                db, str(uuid4()), "default", *hashes, TableFormat(), options or Options(), None
            ).id

    def submit(self, seconds: float = 0.1, **orders: object) -> str:
        analysis_id = self.record({"seconds": seconds} | orders)
        self.queue.enqueue(analysis_id)
        return analysis_id

    def analysed(self, network: FlowNetwork | None = None, **record: Any) -> str:
        """An analysis that is done, with its network in the store; no worker was needed."""
        analysis_id = self.record(record.pop("orders", {}), **record)
        self.store.write(analysis_id, network or random_network(7))
        self.queue.enqueue(analysis_id)
        with sqlite3.connect(self.folder / "queue.db") as db:
            db.execute(
                "UPDATE workflow_status SET status = 'SUCCESS' WHERE workflow_uuid = ?", (analysis_id,)
            )
        db.close()
        return analysis_id

    def study(self, kind: str, *analyses: str, options: dict | None = None, **orders: object) -> str:
        """A study in the catalog and in the queue. orders: of the fake child; options: of a real one."""
        given = {"starts": str(self.starts), "seconds": 0.1} | orders if options is None else options
        with self.catalog.writing() as db:
            other = analyses[1] if len(analyses) > 1 else None
            study_id = insert_study(db, str(uuid4()), "default", kind, analyses[0], other, given, None).id
        self.queue.enqueue(study_id)
        return study_id

    def state(self, analysis_id: str) -> JobState:
        state = self.queue.state(analysis_id)
        assert state is not None
        return state

    def wait(self, analysis_id: str, status: str, seconds: float = 90.0) -> JobState:
        wait_for(lambda: self.state(analysis_id).status == status, seconds)
        return self.state(analysis_id)

    def wait_for_progress(self, analysis_id: str, done: int = 1) -> None:
        wait_for(lambda: self.state(analysis_id).done >= done)

    def started(self) -> int:
        return len(self.starts.read_text().splitlines()) if self.starts.exists() else 0

    def children(self) -> list[psutil.Process]:
        """The fake children of this folder that live."""
        pids = [int(line) for line in self.starts.read_text().splitlines()] if self.starts.exists() else []
        alive = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
        return [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]

    def kill(self, worker: "subprocess.Popen[bytes]", number: int = signal.SIGKILL) -> int:
        worker.send_signal(number)
        return worker.wait(20)

    def nothing_left(self) -> bool:
        work = self.settings.work_dir
        return not self.children() and not (work.exists() and list(work.iterdir()))

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
        wait_for(lambda: not self.children())
        self.queue.close()
        self.store.close()
