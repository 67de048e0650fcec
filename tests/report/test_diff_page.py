"""The page of a diff: its words, its tables, and its picture in a real Chromium, whatever names hold."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from estimator.diff import DiffOptions, Side, diff
from estimator.diff.document import document_of
from estimator.network import FlowNetwork
from service.report.studies.diff import section
from service.report.studies.page import write_study
from tests.networks import flow_network, random_network
from tests.report.conftest import Watched
from tests.report.hostile import TITLE, hostile


def document(base: FlowNetwork, head: FlowNetwork) -> dict:
    found = document_of(diff(Side(base), Side(head), DiffOptions(align="names")))
    # A lone surrogate is refused where names are read, and no file of a study can hold it.
    text = json.dumps(found, allow_nan=False).replace("\\ud800", "surrogate")
    return json.loads(text) | {"of": [{}, {}]}


def louder(network: FlowNetwork) -> FlowNetwork:
    """The network with half a nat more on every edge and probe."""
    probes = tuple(
        replace(p, values=tuple(replace(v, mi=v.mi + 0.5) for v in p.values)) for p in network.probes
    )
    edges = tuple(replace(e, mi=e.mi + 0.5, se=e.se * 0 + 0.01) for e in network.edges)
    return replace(network, edges=edges, probes=probes)


def test_no_change_is_said_and_nothing_drawn():
    network = random_network(0)
    found = section(document(network, network))
    assert found.sentences[0].startswith("No change: none of")
    assert found.figures == ()


def test_changes_are_listed_the_largest_first_and_the_rest_counted():
    base = flow_network([40, 2], {(0, 1): [[0.5, 0.5]] * 40})
    found = section(document(base, louder(base)))
    assert "80 edges of 80 changed: 0 appeared, 0 vanished, 80 grew, 0 shrank" in found.sentences[0]
    [edges] = [table for table in found.tables if table.caption.startswith("Changed edges")]
    assert edges.caption == "Changed edges: the 30 largest of 80"
    assert len(edges.rows) == 30
    assert all(len(row) == len(table.header) for table in found.tables for row in table.rows)
    assert "80 grew" in found.figures[0].alternative


@pytest.mark.chromium
def test_hostile_names_are_text_and_the_picture_is_drawn(offline: Watched, tmp_path: Path) -> None:
    base = hostile()
    found = document(base, louder(base))
    page = offline.page
    page.goto(write_study(section(found), found, tmp_path, TITLE).as_uri())
    page.wait_for_selector(".study-figure[data-drawn]", timeout=30_000)
    assert page.locator(".study-figure .scatterlayer .trace").count() > 3
    assert offline.complaints == []
    assert offline.hosts() == {""}
