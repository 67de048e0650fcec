"""`nif paths`, `nif attributions` and `nif estimate`, on a network.json and on a stored network."""

import json

import pytest

from estimator.graph.attribution import attributions
from estimator.graph.describe import describe
from estimator.graph.json_export import json as json_export
from estimator.graph.paths import strongest_overall, strongest_paths
from service.cli.network_input import network_of_json
from tests.cli.nif import IRIS, nif, refusal
from tests.networks import random_network


@pytest.fixture
def network_file(tmp_path):
    network = random_network(3, beta=0.2)
    path = tmp_path / "network.json"
    path.write_bytes(b"".join(json_export(network, describe(network))))
    return network, path


def test_a_network_json_gives_back_the_network_that_was_written(network_file):
    network, path = network_file
    read = network_of_json(path)
    assert read.layers == network.layers
    assert read.silent == network.silent
    for beta in (0.0, 0.2, 1.0):
        ours, theirs = network.at_beta(beta), read.at_beta(beta)
        assert strongest_overall(ours, 20) == strongest_overall(theirs, 20)
        assert (attributions(ours).values == attributions(theirs).values).all()


def test_paths_are_those_of_the_network(network_file, tmp_path):
    network, path = network_file
    last = network.layers[-1].index
    done = nif(
        tmp_path,
        "paths",
        path,
        "--source",
        "0:0",
        "--target",
        f"{last}:0",
        "-k",
        "3",
        "--beta",
        "0",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    expected = strongest_paths(network.at_beta(0), "0:0", f"{last}:0", 3)
    assert [(p["neurons"], p["product"]) for p in json.loads(done.stdout)["paths"]] == [
        (list(p.neurons), p.product) for p in expected
    ]


def test_a_stored_network_is_found_by_its_id_and_answers_as_the_file(analysed):
    analysis = json.loads((analysed / "answer.json").read_text())["analysis"]
    for command in ("paths", "attributions"):
        by_id, by_file, by_folder = (
            nif(analysed, command, what, "--beta", "0.1")
            for what in (analysis, "nif-iris/network.json", "nif-iris")
        )
        assert by_id.returncode == 0, by_id.stderr
        assert by_id.stdout == by_file.stdout == by_folder.stdout
        assert "petal_length" in by_id.stdout


def test_neurons_are_found_by_name(analysed):
    done = nif(analysed, "paths", "nif-iris", "--source", "petal_length", "--target", "setosa", "-k", "1")
    assert done.stdout.count("\n") == 1
    assert "petal_length -> " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["paths", "nif-iris", "--source", "petal_length"], "--target is missing"),
        (
            ["paths", "nif-iris", "--source", "nobody", "--target", "setosa"],
            "--source nobody is no input neuron",
        ),
        (["paths", "nif-iris", "--source", "1:0", "--target", "setosa"], "source"),
        (["paths", "nif-iris", "-k", "0"], "k is 0"),
        (["paths", "nif-iris", "-k", "²"], "-k is '²'"),
        (["paths", "nif-iris", "--beta", "-1"], "--beta is -1"),
        (
            ["attributions", "nif-iris", "--target", "petal_length"],
            "--target petal_length is no output neuron",
        ),
        (["paths", "absent"], "NETWORK absent: No such file"),
        (["paths", "00000000-0000-4000-8000-000000000000"], "no stored network"),
        (["paths", "answer.json"], "is not a network.json of nif"),
    ],
)
def test_a_wrong_question_is_refused_in_one_line(analysed, arguments, words):
    assert words in refusal(nif(analysed, *arguments))


def test_a_network_json_with_a_link_taken_out_is_refused(network_file, tmp_path):
    _, path = network_file
    read = json.loads(path.read_text())
    del read["links"][1]
    path.write_text(json.dumps(read))
    assert "are not all there" in refusal(nif(tmp_path, "paths", path))


def test_estimate_checks_and_runs_nothing(tmp_path):
    done = nif(tmp_path, "estimate", *IRIS, "--target", "species", "--json")
    assert done.returncode == 0, done.stderr
    cost = json.loads(done.stdout)
    assert cost["rows"] == 150
    assert cost["neurons"] == 12
    assert "species" in refusal(nif(tmp_path, "estimate", *IRIS))
    assert list(tmp_path.iterdir()) == []
