"""A store that was put back from an older backup: what is done and not there is said so, never empty."""

from pathlib import Path

import pytest

from tests.api.service_here import ServiceHere
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
