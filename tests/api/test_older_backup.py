"""A store that was put back from an older backup: what is done and not there is said so, never empty."""

from pathlib import Path
from uuid import uuid4

import pytest

from service.network_ids import id_of_content
from tests.api.service_here import ServiceHere
from tests.cli.nif import nif, refusal
from tests.networks import random_network


@pytest.mark.parametrize(
    "question",
    [
        "neurons",
        "edges",
        "communities",
        "probes",
        "attributions",
        "network",
        "report",
        "paths?source=0:0&target=1:0",
    ],
)
def test_a_finished_analysis_whose_network_is_gone_is_unavailable(tmp_path: Path, question: str) -> None:
    here = ServiceHere(tmp_path)
    try:
        analysis = here.done(random_network(1))
        here.parts.store.delete(analysis)
        answer = here.client.get(f"/v1/analyses/{analysis}/{question}")
        assert answer.status_code == 503, answer.text
        assert answer.json["type"].endswith("/unavailable")
        assert "older backup" in answer.json["detail"]
        assert here.client.get(f"/v1/analyses/{analysis}").json["status"] == "done"
    finally:
        here.close()


def test_what_an_older_catalog_does_not_know_is_listed_and_then_swept(tmp_path: Path) -> None:
    here = ServiceHere(tmp_path / "data")
    try:
        known = here.done(random_network(1))
        lost, alone, of_a_command = str(uuid4()), str(uuid4()), id_of_content("ab" * 32)
        here.parts.store.write(of_a_command, random_network(3))
        here.parts.store.write(lost, random_network(2))
        here.parts.store.write_study(str(uuid4()), "ablation", [lost], {"a": 1})
        here.parts.store.write_study(alone, "ablation", [known], {"a": 1})
        before = here.parts.store.ids(), here.parts.store.study_ids()
        for options in [], ["--dry-run"], ["--dry-run", "--yes"]:
            said = nif(tmp_path, "migrate", "--sweep-store", *options)
            assert said.stdout.splitlines()[:3] == [
                "up to date", f"would remove network {lost}", f"would remove study {alone}"
            ]  # fmt: skip
            assert "nothing was removed" in said.stdout
            assert (here.parts.store.ids(), here.parts.store.study_ids()) == before
        said = nif(tmp_path, "migrate", "--sweep-store", "--yes")
        assert said.stdout.splitlines() == [
            "up to date", f"removed network {lost}", f"removed study {alone}"
        ]  # fmt: skip
        assert (here.parts.store.ids(), here.parts.store.study_ids()) == (
            sorted([known, of_a_command]), []
        )  # fmt: skip
        assert "nothing that the catalog" in nif(tmp_path, "migrate", "--sweep-store", "--yes").stdout
        assert "--sweep-store" in refusal(nif(tmp_path, "migrate", "--yes"))
    finally:
        here.close()


def test_a_catalog_that_knows_nothing_is_not_believed(tmp_path: Path) -> None:
    here = ServiceHere(tmp_path / "data")
    try:
        lost = str(uuid4())
        here.parts.store.write(lost, random_network(1))
        said = nif(tmp_path, "migrate", "--sweep-store", "--yes")
        assert said.returncode == 2
        assert "knows no analysis at all" in said.stderr
        assert here.parts.store.ids() == [lost]
    finally:
        here.close()
