"""From a model and a table to a flow network, on Iris."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from estimator.analysis import analyze
from estimator.data.read import read_table
from estimator.data.table import Table, TableFormat
from estimator.errors import Cancelled, ColumnsMismatch, InvalidModel, InvalidParameter
from estimator.network import FlowNetwork
from estimator.network_file import save_network
from estimator.options import Options
from estimator.progress import PHASES

IRIS = Path("examples/iris")
OPTIONS = Options(permutations=100, device="cpu", target="species", seed=5)


def model() -> bytes:
    return (IRIS / "iris.onnx").read_bytes()


def table() -> Table:
    return read_table(IRIS / "iris.csv", TableFormat())


@pytest.fixture(scope="module")
def network() -> FlowNetwork:
    return analyze(model(), table(), OPTIONS)


def test_the_layers_are_the_models(network: FlowNetwork) -> None:
    assert [(layer.kind, layer.size) for layer in network.layers] == [
        ("input", 4),
        ("hidden", 5),
        ("output", 3),
    ]
    assert network.layers[0].neurons == ("sepal_length", "sepal_width", "petal_length", "petal_width")
    assert network.layers[2].neurons == ("setosa", "versicolor", "virginica")
    assert [(edge.source, edge.consumer) for edge in network.edges] == [(0, 1), (1, 2)]
    assert network.edges_measured == 35


def test_a_dead_relu_has_no_edge_and_is_silent(network: FlowNetwork) -> None:
    dead = np.flatnonzero(network.facts[1].constant)
    assert dead.size >= 2
    for neuron in dead:
        assert network.silent[1][neuron] == "constant"
        assert not network.nif[0][:, neuron].any() and not network.nif[1][neuron].any()
        assert not network.edges[0].mi[:, neuron].any()
        assert (network.edges[0].q_value[:, neuron] == 1).all()
        assert network.redundancy[1][neuron] == 0


def test_petals_tell_more_of_the_species_than_sepals(network: FlowNetwork) -> None:
    probe = network.probes[0]
    assert (probe.name, probe.kind) == ("species", "categorical")
    assert probe.levels == (("setosa", 50), ("versicolor", 50), ("virginica", 50))
    sepal_length, sepal_width, petal_length, petal_width = probe.values[0].mi
    assert min(petal_length, petal_width) > sepal_length > sepal_width > 0
    assert (probe.values[0].mi <= np.log(3) + 1e-9).all()
    assert (probe.values[2].q_value <= 0.05).all()


def test_beta_is_a_reading_and_no_new_run(network: FlowNetwork) -> None:
    fresh = analyze(model(), table(), replace(OPTIONS, beta=1.5))
    for read, run in zip(network.at_beta(1.5).nif, fresh.nif, strict=True):
        assert read.tobytes() == run.tobytes()


def test_the_same_seed_gives_the_same_bytes(network: FlowNetwork, tmp_path: Path) -> None:
    for name, made in (("a", network), ("b", analyze(model(), table(), OPTIONS))):
        save_network(made, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_record_says_how_it_was_made_and_is_json(network: FlowNetwork) -> None:
    record = json.loads(json.dumps(network.provenance, allow_nan=False))
    assert record["estimator"] == "convex" and record["seed"] == 5 and record["permutations"] == 100
    assert record["rows"] == 150 and record["distinct_rows"] == 149
    assert record["target"] == "species" and record["columns_by"] == "name"
    assert len(record["model_sha256"]) == len(record["data_sha256"]) == 64
    assert {"numpy", "onnxruntime", "torch"} <= set(record["versions"])
    assert record["warnings"] == []


def test_phases_come_in_order_and_end_complete() -> None:
    told: list[tuple[str, int, int]] = []
    analyze(model(), table(), OPTIONS, lambda *given: told.append(given))
    order = list(dict.fromkeys(phase for phase, _, _ in told))
    assert order == [phase for phase in PHASES if phase in order]
    assert order == ["reading", "activations", "estimating", "redundancy", "probes"]
    last = {phase: (done, total) for phase, done, total in told}
    assert all(done == total for done, total in last.values())


def test_a_second_estimator_reports_how_far_it_disagrees() -> None:
    checked = analyze(model(), table(), replace(OPTIONS, cross_check="ksg", cross_check_share=0.2))
    report = checked.provenance["cross_check"]
    assert report["estimator"] == "ksg"
    assert 1 <= report["pairs"] <= 14
    assert 0 <= report["mean_absolute_difference"] <= report["largest_absolute_difference"]
    assert 0 <= report["agree"] <= 1


def test_repeated_rows_are_said_in_the_result() -> None:
    text = (IRIS / "iris.csv").read_text()
    header, _, rows = text.partition("\n")
    doubled = read_table(f"{header}\n{rows}{rows}".encode(), TableFormat())
    warnings = analyze(model(), doubled, OPTIONS).provenance["warnings"]
    assert warnings[0].startswith("149 distinct of 300 rows")


def test_a_target_left_in_the_data_is_a_mismatch_that_names_it() -> None:
    with pytest.raises(ColumnsMismatch, match="species"):
        analyze(model(), table(), replace(OPTIONS, target=None))


def test_a_wrong_target_and_a_wrong_model_are_told_before_anything_runs() -> None:
    with pytest.raises(InvalidParameter, match="did you mean 'species'"):
        analyze(model(), table(), replace(OPTIONS, target="Species"))
    with pytest.raises(InvalidModel):
        analyze(b"no model", table(), OPTIONS)


@pytest.mark.parametrize("phase", ["activations", "estimating", "redundancy", "probes"])
def test_an_analysis_can_be_stopped_in_every_phase(phase: str) -> None:
    def stop(at: str, done: int, total: int) -> None:
        if at == phase:
            raise Cancelled

    with pytest.raises(Cancelled):
        analyze(model(), table(), OPTIONS, stop)
