"""The auditor's notebook runs as it is in examples/, and py2neo reads what REST says."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from py2neo.ogm import Repository

from service.stores.neo4j import Neo4jStore
from tests.api.service_here import ServiceHere
from tests.neo4j_server.network import browsable_network
from tests.stores.neo4j_server import Server

FOLDER = Path(__file__).parents[2] / "examples/auditor"


@pytest.fixture(autouse=True)
def in_its_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jupyter starts a notebook in its own folder."""
    monkeypatch.chdir(FOLDER)
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    for name in ("flow_graph", "make_notebook"):
        sys.modules.pop(name, None)


@pytest.fixture
def service(
    neo4j_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[ServiceHere, str]]:
    """An API on the Neo4j server, and the id of an analysis that is done."""
    login = {
        "NIF_STORE": neo4j_server.uri,
        "NIF_NEO4J_USER": neo4j_server.user,
        "NIF_NEO4J_PASSWORD": neo4j_server.password,
    }
    monkeypatch.delenv("NIF_NEO4J_PASSWORD_FILE", raising=False)
    for name, value in login.items():
        monkeypatch.setenv(name, value)
    here = ServiceHere(tmp_path, **login)
    assert isinstance(here.parts.store, Neo4jStore)
    analysis_id = here.done(browsable_network())
    yield here, analysis_id
    here.parts.store.delete(analysis_id)
    here.close()


@pytest.fixture
def repository(service: tuple[ServiceHere, str]) -> Repository:
    from flow_graph import connect

    return connect()


def rows(service: tuple[ServiceHere, str], noun: str) -> list[dict[str, Any]]:
    here, analysis_id = service
    answer = here.client.get(f"/v1/analyses/{analysis_id}/{noun}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["items"] if isinstance(answer.json, dict) else answer.json
    return found


def test_the_notebook_is_made_from_the_script() -> None:
    from make_notebook import notebook

    script = (FOLDER / "audit.py").read_text(encoding="utf-8")
    assert (FOLDER / "audit.ipynb").read_text(encoding="utf-8") == notebook(script), (
        "run: python examples/auditor/make_notebook.py"
    )


def test_the_notebook_runs_and_judges(
    service: tuple[ServiceHere, str], capsys: pytest.CaptureFixture[str]
) -> None:
    cells = json.loads((FOLDER / "audit.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)  # noqa: S102
    said = capsys.readouterr().out
    assert f"analysis  {service[1]}" in said
    assert f"model     {'0' * 64}" in said and f"data      {'1' * 64}" in said
    assert "layer     layer1 (hidden), 4 neurons" in said
    expected = {row["neuron_name"]: row["ci_high"] for row in rows(service, "probes") if row["layer"] == 2}
    assert set(expected) == {"no", "yes"}
    assert names["verdicts"] == {n: "passes" if high < 0.05 else "fails" for n, high in expected.items()}
    assert "layer1[h2]: constant" in said and "layer1[h3]: uninformative" in said


def test_py2neo_reads_the_neurons_that_rest_lists(
    service: tuple[ServiceHere, str], repository: Repository
) -> None:
    from flow_graph import Analysis

    analysis = repository.match(Analysis, service[1]).first()
    listed = rows(service, "neurons")
    neurons = analysis.neurons()
    assert [neuron.id for neuron in neurons] == [row["id"] for row in listed]
    for neuron, row in zip(neurons, listed, strict=True):
        seen = {key: getattr(neuron, key) for key in row}
        assert seen == row


def test_py2neo_reads_the_edges_that_rest_lists(
    service: tuple[ServiceHere, str], repository: Repository
) -> None:
    from flow_graph import Analysis

    analysis = repository.match(Analysis, service[1]).first()
    keys = {"mi": "mi", "nif": "nif", "se": "se", "ci_low": "ci_low", "ci_high": "ci_high"}
    keys |= {"p": "p_value", "q": "q_value"}
    seen = {
        (edge.source.id, edge.consumer.id): {rest: getattr(edge, ours) for ours, rest in keys.items()}
        for neuron in analysis.neurons()
        for edge in neuron.edges()
    }
    listed = {
        (row["source"], row["consumer"]): {rest: row[rest] for rest in keys.values()}
        for row in rows(service, "edges?flow=all&limit=1000")
    }
    assert len(listed) == 3 * 4 + 4 * 2 + 3 * 2
    assert seen == listed


def test_py2neo_reads_the_probes_and_the_lineage(
    service: tuple[ServiceHere, str], repository: Repository
) -> None:
    from flow_graph import Analysis, TrainedModel

    analysis = repository.match(Analysis, service[1]).first()
    (probe,) = analysis.probes
    listed = {row["neuron"]: (row["mi"], row["ci_low"], row["ci_high"]) for row in rows(service, "probes")}
    about = {neuron.id: probe.about(neuron) for neuron in analysis.neurons()}
    assert {id: (said.mi, said.ci_low, said.ci_high) for id, said in about.items()} == listed
    model = repository.match(TrainedModel, "0" * 64).first()
    assert service[1] in {found.id for found in model.analyses}


def test_the_classes_are_used_as_the_docs_say(
    service: tuple[ServiceHere, str], capsys: pytest.CaptureFixture[str]
) -> None:
    page = (FOLDER.parents[1] / "docs/neo4j.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    exec(compile(block, "docs/neo4j.md", "exec"), {})  # noqa: S102
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in said] == [
        [service[1], "no", "religion"],
        [service[1], "yes", "religion"],
    ]
