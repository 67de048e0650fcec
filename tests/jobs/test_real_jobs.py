"""Jobs whose children analyse for real: Iris through the queue."""

from estimator.options import Options
from tests.cli.nif import IRIS
from tests.jobs.jobs_here import JobsHere, wait_for

MODEL, DATA = IRIS[0].read_bytes(), IRIS[1].read_bytes()
SPECIES = Options(target="species")


def test_iris_is_analysed_and_a_changed_upload_is_never(jobs: JobsHere):
    jobs.worker(real=True)
    good = jobs.record(DATA, MODEL, SPECIES)
    jobs.queue.enqueue(good)
    jobs.wait(good, "done", 60)
    network = jobs.store.network(good)
    assert [layer.size for layer in network.layers] == [4, 5, 3]

    changed = jobs.record(DATA.replace(b"5.1", b"5.2", 1), MODEL, SPECIES)
    sha256 = jobs.catalog.analysis(changed).dataset_sha256
    path = jobs.blobs.path(sha256)
    path.write_bytes(path.read_bytes().replace(b"4.9", b"4.8", 1))
    jobs.queue.enqueue(changed)
    problem = jobs.wait(changed, "failed", 60).problem
    assert problem is not None
    assert problem["slug"] == "blob-corrupt"
    assert sha256 in problem["detail"]
    assert "now has the hash" in problem["detail"]

    again = jobs.record(DATA, MODEL, SPECIES)
    jobs.queue.enqueue(again)
    jobs.wait(again, "done", 60)
    assert jobs.store.ids() == sorted([good, again])
    assert (jobs.store.network(again).edges[0].mi == network.edges[0].mi).all()
    wait_for(jobs.nothing_left)


def test_a_refused_table_fails_its_job_with_the_place(jobs: JobsHere):
    lines = DATA.decode().splitlines()
    lines[7] = lines[7].replace(",", ",x", 1)
    analysis = jobs.record("\n".join(lines).encode(), MODEL, SPECIES)
    jobs.queue.enqueue(analysis)
    jobs.worker(real=True)
    problem = jobs.wait(analysis, "failed", 60).problem
    assert problem is not None
    assert problem["errors"][0] | {"detail": ""} == {"detail": "", "row": 7, "column": "sepal_width"} | {
        key: value for key, value in problem["errors"][0].items() if key in ("line", "file")
    }
    assert jobs.store.ids() == []
    wait_for(jobs.nothing_left)
