import errno
import io
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.api.service_here import IRIS_DATA, IRIS_MODEL, ServiceHere, assert_problem

SEMICOLONS = b"a;b\n" + b"".join(b"%d,5;%d,5\n" % (i, i * i) for i in range(40))


def test_a_dataset_is_described(service: ServiceHere, client: FlaskClient) -> None:
    found = client.get(f"/v1/datasets/{service.dataset()}").json
    assert (found["rows"], len(found["columns"])) == (150, 5)
    assert [column["kind"] for column in found["columns"][:4]] == ["number"] * 4
    assert found["size"] == len(IRIS_DATA)


def test_the_query_says_how_to_read_it(client: FlaskClient) -> None:
    path = "/v1/datasets?delimiter=%3B&decimal=,"
    answer = client.post(path, data=SEMICOLONS, content_type="text/csv")
    assert answer.status_code == 201
    assert [column["kind"] for column in answer.json["columns"]] == ["number", "number"]
    assert answer.json["format"] == {"kind": "csv", "delimiter": ";", "decimal": ",", "header": True}
    again = client.post("/v1/datasets?delimiter=%3B", data=SEMICOLONS, content_type="text/csv")
    body = assert_problem(again, 409, "conflict")
    assert "decimal" in body["detail"]


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"a,b\n" + b"1,2,3\n" * 40, "invalid-dataset"),
        (b"a;b\n" + b"1;2\n" * 40, "invalid-dataset"),
        (b"a,a\n" + b"1,2\n" * 40, "invalid-dataset"),
        (b"a,b\n1\x00,2\n", "invalid-dataset"),
        (b"PAR1" + b"\0" * 200, "invalid-dataset"),
        (b"\xff\xfea\0,\0b\0", "invalid-dataset"),
        (b"a,b\n", "too-few-rows"),
        (b"a,b\n" + b"1,2\n" * 29, "too-few-rows"),
        (b'a,b\n"1,2\n' + b"1,2\n" * 40, "invalid-dataset"),
    ],
)
def test_a_table_that_cannot_be_read_in_one_way_is_refused(
    service: ServiceHere, client: FlaskClient, data: bytes, slug: str
) -> None:
    before = service.left_over()
    assert_problem(client.post("/v1/datasets", data=data, content_type="text/csv"), 422, slug)
    assert service.left_over() == before


def with_last_row(*cells: str) -> bytes:
    return IRIS_DATA.rstrip() + b"\n" + ",".join(cells).encode() + b"\n"


def with_target(*cells: str) -> bytes:
    lines = IRIS_DATA.decode().splitlines()
    return "\n".join(
        f"{line.rpartition(',')[0]},{cell}" for line, cell in zip(lines, cells, strict=True)
    ).encode()


@pytest.mark.parametrize(
    ("data", "target", "cell"),
    [
        (with_last_row("5.1", "mary jones", "1.4", "0.2", "setosa"), "species", "mary jones"),
        (with_last_row("1e300", "3.5", "1.4", "0.2", "setosa"), "species", "1e+300"),
        (with_last_row("5.1", "3.5", "1.4", "0.2", "mary jones"), "petal_width", None),
        (b"1234.5,mary jones\n" + b"1,2\n" * 40, "species", "1234.5"),
        (b"mary jones,mary jones\n" + b"1,2\n" * 40, "species", "mary jones"),
        (IRIS_DATA.replace(b"setosa", b"mary jones").split(b"versicolor")[0].rsplit(b"\n", 1)[0], "species",
         "mary jones"),
        (with_target("p", *(f"{i}.5" for i in range(149)), "mary jones"), "p", "mary jones"),
    ],
    ids=["input", "range", "input as target", "no header", "twice", "one value", "categories"],
)  # fmt: skip
def test_the_log_says_why_a_table_is_refused_without_a_cell_of_it(
    service: ServiceHere, monkeypatch: pytest.MonkeyPatch, data: bytes, target: str, cell: str | None
) -> None:
    logged: list[dict[str, Any]] = []
    recorder = SimpleNamespace(info=lambda event, **fields: logged.append({"event": event} | fields))
    monkeypatch.setattr("service.api.errors.log", recorder)
    files = {"model": (io.BytesIO(IRIS_MODEL), "m.onnx"), "data": (io.BytesIO(data), "d.csv")}
    answer = service.client.post(
        "/v1/analyses", data=files | {"options": json.dumps({"target": target})}, buffered=True
    )
    assert answer.status_code == 422
    assert cell is None or cell in answer.json["detail"]  # who sent the data may read it
    [line] = logged
    assert line["event"] == "refused" and line["reason"]
    assert "mary jones" not in str(line) and str(cell) not in str(line)


@pytest.mark.parametrize(
    "query",
    ["delimiter=", "delimiter=ab", "delimiter=%22", "decimal=x", "header=1", "header=yes", "kind=xls"],
)
def test_an_odd_format_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.post(f"/v1/datasets?{query}", data=IRIS_DATA, content_type="text/csv")
    body = assert_problem(answer, 422, "invalid-parameter")
    assert body["errors"][0]["field"] == query.partition("=")[0]


def test_arrays_come_as_npy(service: ServiceHere, client: FlaskClient) -> None:
    file = io.BytesIO()
    np.save(file, np.arange(160.0).reshape(40, 4))
    answer = client.post("/v1/datasets", data=file.getvalue(), content_type="application/x-npy")
    assert answer.status_code == 201, answer.text
    assert (answer.json["rows"], answer.json["format"]["kind"]) == (40, "npy")
    as_part = {"file": (io.BytesIO(file.getvalue()), "x")}
    assert client.post("/v1/datasets?kind=npy", data=as_part).json["id"] == answer.json["id"]
    contradiction = client.post(
        "/v1/datasets?kind=csv", data=file.getvalue(), content_type="application/x-npy"
    )
    assert_problem(contradiction, 422, "invalid-parameter")
    pickled = io.BytesIO()
    np.save(pickled, np.array([{}], dtype=object), allow_pickle=True)
    refused = client.post("/v1/datasets", data=pickled.getvalue(), content_type="application/x-npy")
    assert_problem(refused, 422, "invalid-dataset")
    assert service.left_over()["incoming"] == 0


def test_a_file_changed_on_disk_is_not_analysed(service: ServiceHere, client: FlaskClient) -> None:
    body = service.body()
    path = service.parts.blobs.path(body["dataset_id"])
    path.write_bytes(path.read_bytes().replace(b"5.1", b"5.2", 1))
    problem = assert_problem(client.post("/v1/analyses", json=body), 409, "blob-corrupt")
    assert body["dataset_id"] in problem["detail"]
    assert service.parts.queue.depth() == 0


def test_no_room_on_the_disk_is_said(
    service: ServiceHere, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def full(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "audit.jsonl":
            return fsync(descriptor)  # it has room: the upload itself meets the end of the disk
        raise OSError(errno.ENOSPC, "No space left on device")

    before = service.left_over()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        answer = client.post("/v1/datasets", data=IRIS_DATA, content_type="text/csv")
    assert_problem(answer, 507, "insufficient-storage")
    assert service.left_over() == before
    assert service.dataset()


def test_a_catalog_that_is_gone_is_503_and_not_made_anew(service: ServiceHere, client: FlaskClient) -> None:
    path = service.settings.catalog_path
    shutil.move(path, path.with_suffix(".away"))
    try:
        assert_problem(client.get("/v1/datasets"), 503, "unavailable")
        ready = client.get("/readyz")
        assert "catalog" in [place["field"] for place in assert_problem(ready, 503, "unavailable")["errors"]]
        assert not path.exists()
    finally:
        shutil.move(path.with_suffix(".away"), path)
    assert client.get("/v1/datasets").status_code == 200
