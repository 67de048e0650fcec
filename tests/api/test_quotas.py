"""What one tenant may have stored and waiting, so that others find room, too."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from service.keys import create_key
from tests.api.service_here import IRIS_DATA, IRIS_MODEL, ServiceHere, assert_problem

SMALL = {"NIF_TENANT_FILES": "11", "NIF_TENANT_BYTES": "1", "NIF_TENANT_QUEUE_DEPTH": "2"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[ServiceHere]:
    """Eleven files, 1 MiB and two waiting jobs a tenant."""
    here = ServiceHere(tmp_path / "small", **SMALL)
    yield here
    here.close()


def header(service: ServiceHere, tenant: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {create_key(service.parts.catalog, tenant, 'write', tenant)[1]}"}


def table(number: int, rows: int = 40) -> bytes:
    return b"a,b\n" + b"".join(b"%d,%d\n" % (number, row) for row in range(rows))


def test_of_twenty_uploads_at_once_exactly_as_many_are_stored_as_may_be(small: ServiceHere) -> None:
    def post(number: int) -> int:
        client = small.app.test_client()
        return client.post("/v1/datasets", data=table(number), content_type="text/csv").status_code

    small.model()
    with ThreadPoolExecutor(20) as threads:
        answers = sorted(threads.map(post, range(20)))
    assert answers == [201] * 10 + [429] * 10
    assert small.left_over() | {"datasets": 10, "models": 1, "blobs": 11, "incoming": 0} == small.left_over()


def test_what_is_stored_already_counts_once_and_a_deletion_makes_room(small: ServiceHere) -> None:
    ids = [small.dataset(table(number)) for number in range(11)]
    assert small.dataset(table(3)) == ids[3]
    refused = small.client.post("/v1/datasets", data=table(11), content_type="text/csv")
    body = assert_problem(refused, 429, "quota-exceeded")
    assert "12 files" in body["detail"] and int(refused.headers["Retry-After"]) > 0
    assert small.client.delete(f"/v1/datasets/{ids[0]}").status_code == 204
    small.dataset(table(11))


def test_bytes_count_to_the_last(small: ServiceHere) -> None:
    def sized(size: int) -> bytes:
        rows = (size - 12) // 4
        return b"a,b\n" + b"1,2\n" * rows + b"3,4." + b"0" * (size - 4 * rows - 9) + b"\n"

    allowed = small.parts.limits.tenant_bytes
    assert len(sized(500_000)) == 500_000
    small.dataset(sized(500_000))
    answer = small.client.post("/v1/datasets", data=sized(allowed - 499_999), content_type="text/csv")
    assert_problem(answer, 429, "quota-exceeded")
    small.dataset(sized(allowed - 500_000))


def test_files_that_come_with_an_analysis_count_too(small: ServiceHere) -> None:
    for number in range(10):
        small.dataset(table(number))
    before = small.left_over()
    answer = small.client.post(
        "/v1/analyses",
        data={
            "model": (BytesIO(IRIS_MODEL), "m.onnx"),
            "data": (BytesIO(IRIS_DATA), "d.csv"),
            "options": '{"target": "species"}',
        },
        content_type="multipart/form-data",
    )
    assert_problem(answer, 429, "quota-exceeded")
    assert small.left_over() == before


def test_a_full_tenant_is_answered_429_and_another_is_served(small: ServiceHere) -> None:
    a, b = header(small, "a"), header(small, "b")
    for who, answers in ((a, [202, 202, 429]), (b, [202])):
        body = {"model_id": small.model(**who), "dataset_id": small.dataset(**who)}
        body["options"] = {"target": "species"}
        for status in answers:
            answer = small.client.post("/v1/analyses", json=body, headers=who)
            assert answer.status_code == status, answer.text
            if status == 429:
                assert "of yours" in assert_problem(answer, 429, "rate-limited")["detail"]
                assert int(answer.headers["Retry-After"]) > 0


def test_quotas_are_published(small: ServiceHere) -> None:
    limits = small.client.get("/v1/limits").json["service"]
    assert (limits["tenant_files"], limits["tenant_bytes"], limits["tenant_queue_depth"]) == (11, 1 << 20, 2)
