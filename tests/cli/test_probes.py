"""`nif probes`: by layer, with the neurons named, with the target known, too."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from estimator.graph.describe import describe
from estimator.graph.json_export import json as json_export
from estimator.network import GivenTarget, Stratum
from service.cli.network_input import network_of_json
from tests.cli.nif import ROOT, nif, refusal
from tests.networks import probe, random_network


@pytest.fixture
def network_file(tmp_path: Path) -> Path:
    network = random_network(3)
    strata = (Stratum("yes", 100, True), Stratum("no", 9, False))
    known = probe(network, "sex", 2)
    sex = replace(probe(network, "sex"), given_target=GivenTarget("income", strata, known.values))
    network = replace(network, probes=(sex, probe(network, "a\x1b[31mge", 1)))
    path = tmp_path / "network.json"
    path.write_bytes(b"".join(json_export(network, describe(network))))
    return path


def test_each_layer_is_told_with_its_neurons_and_the_strata(network_file: Path, tmp_path: Path) -> None:
    done = nif(tmp_path, "probes", network_file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sex  categorical: a (75), b (75)" in done.stdout
    assert "given income: 1 stratum measured; too small, with 8.3 % of the rows: no (9)" in done.stdout
    assert "layer0 (input): enters, heard by" in done.stdout
    assert "when the target is known" in done.stdout
    assert "\x1b" not in done.stdout and "a\\x1b[31mge" in done.stdout


def test_json_says_the_same(network_file: Path, tmp_path: Path) -> None:
    done = nif(tmp_path, "probes", network_file, "--probe", "sex", "--neurons", "1", "--json")
    [found] = json.loads(done.stdout)
    assert (found["probe"], found["target"]) == ("sex", "income")
    assert [step["layer"] for step in found["steps"]] == list(range(len(found["steps"])))
    assert all(len(step["heard"]["hearers"]) <= 1 for step in found["steps"])


def test_a_probe_that_is_not_there_is_refused(network_file: Path, tmp_path: Path) -> None:
    assert "probe is 'race'" in refusal(nif(tmp_path, "probes", network_file, "--probe", "race"))


def test_a_network_json_keeps_what_is_known_given_the_target(network_file: Path) -> None:
    given = network_of_json(network_file).probes[0].given_target
    assert given is not None
    assert given.strata == (Stratum("yes", 100, True), Stratum("no", 9, False))
    known = probe(random_network(3), "sex", 2)
    assert [v.mi.tolist() for v in given.values] == [v.mi.tolist() for v in known.values]
    assert network_of_json(network_file).probes[1].given_target is None


def test_an_analysis_measures_it(analysed: Path, tmp_path: Path) -> None:
    done = nif(tmp_path, "probes", analysed / "nif-iris")
    assert done.returncode == 0 and "species  categorical: setosa (50)" in done.stdout
    assert "output (output): " in done.stdout


def test_an_analysis_with_a_categorical_target_measures_what_is_left_when_it_is_known(tmp_path: Path) -> None:
    adult = ROOT / "examples/adult"
    done = nif(
        tmp_path, "analyze", adult / "income.onnx", adult / "adult_audit.csv", "--target", "income",
        "--probe", "sex", "--probe", "race", "--store", "none", "--output", "adult",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {one["probe"]: one for one in json.loads(nif(tmp_path, "probes", "adult", "--json").stdout)}
    assert found["income"]["target"] is None
    assert [(s["level"], s["measured"]) for s in found["sex"]["strata"]] == [("<=50K", True), (">50K", True)]
    output = found["sex"]["steps"][-1]
    whole, left = output["heard"]["hearers"][0]["mi"], output["given_target"]["hearers"][0]["mi"]
    assert 0 < left < whole  # part of it is that men of this table earn more
    page = (tmp_path / "adult/report.html").read_text()
    assert "Tells most when <bdi>income</bdi> is known" in page
