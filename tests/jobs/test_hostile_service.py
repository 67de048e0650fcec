"""Everything hostile that we have, posted to a running service: each gets its answer, and work goes on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from service.api.datasets import KINDS
from tests.jobs.jobs_here import wait_for
from tests.jobs.serving import Service
from tests.models.graphs import matrix, model, node
from tests.models.hostile import HOSTILE
from tests.models.hostile_data import HOSTILE_DATA

ANSWER_SECONDS = 10
TIME_LIMIT = 20
FOUR_COLUMNS = b"a,b,c,d\n" + b"".join(b"%d,%d,%d,%d\n" % (i, i % 7, i % 5, i % 3) for i in range(40))
MEDIA_TYPES = {kind: media_type for media_type, kind in KINDS.items()}
# What a process of the API may use beyond what it uses at rest; docs/models.md says so.
API_MEMORY = 256 * 2**20


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    limits = {"NIF_JOB_TIME_LIMIT": str(TIME_LIMIT), "NIF_JOB_MEMORY_LIMIT": "1024"}
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "tmp").mkdir()
    running = Service(folder, **limits, TMPDIR=str(folder / "tmp"))
    wait_for(lambda: "worker ready" in running.log.read_text())
    yield running
    assert running.stop() == 0


def network(service: Service) -> dict[str, Any]:
    """What Iris gives, without the names of this run of it."""
    analysis = service.submit()
    wait_for(lambda: service.status(analysis) in ("done", "failed"), 60)
    answer = requests.get(f"{service.url}/analyses/{analysis}/network", timeout=30)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.text.replace(analysis, "ID"))
    return {part: found[part] for part in ("nodes", "links")}


def processes(service: Service) -> list[int]:
    """Ids of the API's and the worker's, without the children of jobs."""
    api, worker = service.part("gunicorn"), service.part("worker")
    return sorted(process.pid for process in (api, *api.children(), worker))


def peak(service: Service) -> int:
    """Bytes that the largest process of the API has ever used."""
    kept = 0
    for process in service.part("gunicorn").children():
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                kept = max(kept, int(line.split()[1]) * 1024)
    assert kept > 0
    return kept


def left_over(service: Service) -> list[str]:
    """Files of jobs that are over: model, data and activations."""
    folders = service.folder / "tmp", service.folder / "data/work"
    return [str(path) for folder in folders if folder.exists() for path in folder.iterdir()]


def kept(service: Service) -> dict[str, Any]:
    """What may not grow by an error: files that are held, and what is listed."""
    found: dict[str, Any] = {
        what: len(requests.get(f"{service.url}/{what}", timeout=30).json()["items"])
        for what in ("models", "datasets", "analyses")
    }
    blobs = service.folder / "data/blobs"
    return found | {"files": sorted(path.name for path in blobs.rglob("*") if path.is_file())}


def posted(service: Service, what: str, media_type: str, data: bytes) -> requests.Response:
    headers = {"Content-Type": media_type}
    return requests.post(f"{service.url}/{what}", data=data, headers=headers, timeout=ANSWER_SECONDS)


def refused(name: str, answer: requests.Response, slug: str) -> None:
    assert answer.status_code in (400, 413, 422), (name, answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json", name
    body = answer.json()
    assert body["type"] == f"/problems/{slug}", (name, body)
    assert 0 < len(body["detail"]) <= 500, name
    assert "Traceback" not in answer.text and str(Path(__file__).parents[2]) not in answer.text, name


def test_each_hostile_file_gets_its_answer_and_the_next_good_job_runs(service: Service) -> None:
    before, started, held = network(service), processes(service), kept(service)
    at_rest = peak(service)
    for name, case in HOSTILE.items():
        slug = case.slug if name != "empty" else "malformed-request"  # there is no body
        refused(name, posted(service, "models", "application/octet-stream", case.make()), slug)
    for name, data in HOSTILE_DATA.items():
        refused(name, posted(service, "datasets", MEDIA_TYPES[data.kind], data.make()), data.slug)
    assert kept(service) == held
    assert left_over(service) == []
    assert processes(service) == started
    assert peak(service) - at_rest < API_MEMORY
    assert "Traceback" not in service.log.read_text()
    assert network(service) == before


def hanging() -> bytes:
    """Products of constants, which the runtime works out before it is asked anything."""
    nodes = [node("MatMul", "c0 c0", "c1")]
    nodes += [node("MatMul", f"c{i} c0", f"c{i + 1}") for i in range(1, 3000)]
    nodes += [node("MatMul", "x w", "h"), node("MatMul", "h c3000", "z"), node("MatMul", "z v", "y")]
    constants = {"c0": matrix(1200, 1200), "w": matrix(4, 1200), "v": matrix(1200, 2)}
    return model(nodes, constants).SerializeToString()


def swelling() -> bytes:
    """Three neurons of 200,000 positions, two thousand in between: 1.6 GB a row."""
    nodes = [
        node("Unsqueeze", "x a", "u"), node("Expand", "u s", "e"), node("Conv", "e k", "c"),
        node("Relu", "c", "r"), node("GlobalAveragePool", "r", "p"), node("Flatten", "p", "f"),
        node("Gemm", "f g", "y"),
    ]  # fmt: skip
    constants = {
        "a": np.array([2]), "s": np.array([1, 4, 200_000]), "k": matrix(2000, 4, 1), "g": matrix(2000, 2),
    }  # fmt: skip
    return model(nodes, constants).SerializeToString()


@pytest.mark.parametrize(("make", "slug"), [(hanging, "time-limit"), (swelling, "memory-limit")])
def test_a_job_that_would_take_the_machine_fails_with_its_limit_and_the_worker_goes_on(
    service: Service, make: Any, slug: str
) -> None:
    before, started = network(service), processes(service)
    analysis = service.analysis(make(), FOUR_COLUMNS, {"columns_by": "position"})
    wait_for(lambda: service.status(analysis) in ("done", "failed"), TIME_LIMIT + 40)
    problem = requests.get(f"{service.url}/analyses/{analysis}", timeout=30).json()["problem"]
    assert problem["type"] == f"/problems/{slug}", problem
    wait_for(lambda: left_over(service) == [])
    assert processes(service) == started
    assert network(service) == before


def test_a_job_that_is_cancelled_in_the_middle_of_the_model_leaves_nothing(service: Service) -> None:
    analysis = service.analysis(hanging(), FOUR_COLUMNS, {"columns_by": "position"})
    wait_for(lambda: any((service.folder / "data/work").rglob("activations.f8")))
    answer = requests.post(f"{service.url}/analyses/{analysis}/cancellation", timeout=30)
    assert answer.status_code in (200, 202), answer.text
    wait_for(lambda: service.status(analysis) == "cancelled")
    wait_for(lambda: left_over(service) == [])
