"""`nif diff`: what changed, in words, as JSON and as a page; what cannot be compared is refused."""

import json
from pathlib import Path

import pytest

from estimator.graph.describe import describe
from estimator.graph.export import json as json_export
from estimator.network import FlowNetwork
from tests.cli.nif import IRIS, nif, refusal
from tests.networks import flow_network, probe, random_network

MODEL, DATA = IRIS
FILES = ("--base-model", str(MODEL), "--head-model", str(MODEL), "--data", str(DATA))


def saved(folder: Path, name: str, network: FlowNetwork) -> str:
    (folder / name).mkdir()
    (folder / name / "network.json").write_bytes(b"".join(json_export(network, describe(network))))
    return name


def test_an_analysis_against_itself_says_that_nothing_changed(tmp_path):
    network = random_network(1)
    saved(tmp_path, "a", network)
    done = nif(tmp_path, "diff", "a", "a", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["empty"] is True
    assert document["kind"] == "diff"
    assert nif(tmp_path, "diff", "a", "a/network.json").stdout.startswith("No change: none of")


def test_a_change_is_told_listed_and_drawn(tmp_path):
    base = flow_network([2, 1], {(0, 1): [[0.2], [0.9]]}, names=[["<b>age</b>", "hours"], ["y"]])
    head = flow_network([2, 1], {(0, 1): [[0.9], [0.9]]}, names=[["<b>age</b>", "hours"], ["y"]])
    saved(tmp_path, "a", base)
    saved(tmp_path, "b", head)
    done = nif(tmp_path, "diff", "a", "b", "--output", "changes")
    assert done.returncode == 0, done.stderr
    assert "1 edge of 2 changed: 0 appeared, 0 vanished, 1 grew, 0 shrank" in done.stdout
    assert "<b>age</b> (0:0)" in done.stdout
    page = (tmp_path / "changes/diff.html").read_text()
    assert "<b>age" not in page, "a name is text, whatever it holds"
    assert json.loads((tmp_path / "changes/diff.json").read_text())["edges"]["grew"] == 1


def test_probes_survive_network_json_and_are_compared(tmp_path):
    base = flow_network([2, 1], {(0, 1): [[0.2], [0.9]]})
    for name, seed in (("a", 0), ("b", 3)):
        network = flow_network([2, 1], {(0, 1): [[0.2], [0.9]]}, probes=(probe(base, "sex", seed=seed),))
        saved(tmp_path, name, network)
    document = json.loads(nif(tmp_path, "diff", "a", "b", "--json").stdout)
    [sex] = document["probes"]
    assert sex["tested"] == 3
    assert sex["changed"] >= 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a", "wider"), "different architectures"),
        (("a", "gone"), "No such file"),
        (("a", "a", "--alpha", "2"), "alpha is 2.0"),
        (("a", "a", "--least", "nan"), "--least is 'nan'"),
        (("a", "a", "--align", "activations"), "needs both models and a table"),
        (("a", "a", "--base-model", str(MODEL)), "--head-model is missing"),
        (("a", "a", *FILES), "another model"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(tmp_path, arguments, words):
    saved(tmp_path, "a", flow_network([2, 1], {(0, 1): [[0.2], [0.9]]}))
    saved(tmp_path, "wider", flow_network([2, 2], {(0, 1): [[0.2, 1], [0.9, 1]]}))
    assert words in refusal(nif(tmp_path, "diff", *arguments))
