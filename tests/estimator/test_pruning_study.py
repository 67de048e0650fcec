"""Pruning from end to end: a network of an analysis, its table, and a smaller file."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from estimator import FlowNetwork, Options, Table, analyze, read_table
from estimator.ablation import AblationOptions, ablate
from estimator.errors import InvalidParameter, ModelCrashed
from estimator.model.read import read_model
from estimator.pruning import PruningOptions, prune
from estimator.pruning.made import read_made
from tests.estimator.cuttable_networks import network, outputs_without, pruned, rows_of

ANALYSIS = Options(
    permutations=20, device="cpu", target="label", columns_by="position", sample_neurons=4, seed=2
)
ROWS = 64


@pytest.fixture(scope="module")
def convolutional() -> tuple[bytes, Table, FlowNetwork]:
    """The small convolutional network, a table of its pixels with labels, and its flow by a sample."""
    model, shape = network("convolutional")
    x = rows_of(shape, ROWS).reshape(ROWS, -1)
    logits = onnxruntime.InferenceSession(model).run(None, {"x": x.reshape(ROWS, *shape)})[0]
    labels = (logits - logits.mean(axis=0)).argmax(axis=1)
    header = ",".join([*(f"p{i}" for i in range(x.shape[1])), "label"])
    lines = [
        ",".join([*(repr(float(v)) for v in row), str(label)]) for row, label in zip(x, labels, strict=True)
    ]
    table = read_table("\n".join([header, *lines, ""]).encode())
    return model, table, analyze(model, table, ANALYSIS)


def test_a_convolutional_network_is_pruned_as_it_is_ablated(
    convolutional: tuple[bytes, Table, FlowNetwork],
) -> None:
    model, table, flow = convolutional
    options = {"choose": "least-outgoing-flow", "k": 4}
    made = prune(model, table, flow, ANALYSIS, PruningOptions(**options))  # type: ignore[arg-type]
    document = made.document()
    json.dumps(document, allow_nan=False)
    assert document["bytes"]["after"] < document["bytes"]["before"] == len(model)
    assert document["parameters"]["after"] < document["parameters"]["before"]
    assert document["to_fixed"]["scaled"] <= 1e-5
    assert {n["fate"] for n in document["neurons"]} <= {"removed", "held at 0"}
    shrunk = sum(layer["before"] - layer["after"] for layer in document["layers"])
    assert shrunk == sum(n["fate"] == "removed" for n in document["neurons"]) > 0
    lost = ablate(model, table, flow, ANALYSIS, AblationOptions(**options, points=1)).document()  # type: ignore[arg-type]
    assert document["metric"]["before"]["value"] == lost["before"]["value"]
    assert document["metric"]["after"]["value"] == lost["series"][0]["points"][0]["after"]["value"]
    plan, x = read_model(model), rows_of((2, 8, 8), ROWS)
    cut: dict[str, list[int]] = {}
    for neuron in document["neurons"]:
        cut.setdefault(neuron["layer"], []).append(int(neuron["name"].rsplit(".", 1)[1]))
    wanted = outputs_without(model, plan, {"x": x}, cut)
    given = onnxruntime.InferenceSession(made.model).run(None, {"x": x})[0]
    assert np.abs(given - wanted).max() < 1e-5


def test_what_the_child_says_is_held_against_the_file_that_it_made(tmp_path: Path) -> None:
    model, shape = network("mlp")
    plan, x = read_model(model), rows_of(shape)
    pruned(tmp_path, model, plan, x, {plan.layers[1].name: {"zero": [1, 4]}})
    made = read_made(tmp_path, plan)
    assert [i for _, i, _ in made.gone] == [1, 4] and made.plan.layers[1].size == plan.layers[1].size - 2
    smaller = (tmp_path / "pruned.onnx").read_bytes()
    (tmp_path / "pruned.onnx").write_bytes(model)
    with pytest.raises(ModelCrashed, match="not what the child process says"):
        read_made(tmp_path, plan)
    (tmp_path / "pruned.onnx").write_bytes(smaller)
    report = json.loads((tmp_path / "report.json").read_text())
    for broken in ("", "[]", json.dumps(report | {"gone": [[1, 2]]}), json.dumps({**report, "latency": {}})):
        (tmp_path / "report.json").write_text(broken)
        with pytest.raises(ModelCrashed, match="no sound report"):
            read_made(tmp_path, plan)


def test_without_a_target_nothing_is_measured_and_the_model_is_pruned(tmp_path: Path) -> None:
    examples = Path(__file__).parents[2] / "examples/iris"
    model, table = (examples / "iris.onnx").read_bytes(), read_table(examples / "iris.csv")
    analysis = Options(permutations=100, device="cpu", probes=("species",))
    flow = analyze(model, table, analysis)
    document = prune(model, table, flow, analysis, PruningOptions()).document()
    assert document["metric"] is None and document["not_measured"] == "no target is given"
    assert document["to_original"]["largest"] < 1e-5
    assert [n["fate"] for n in document["neurons"]] == ["removed", "removed"]
    with pytest.raises(InvalidParameter, match="no such column"):
        prune(model, table, flow, analysis, PruningOptions(target="kind"))


def test_labels_that_fit_no_metric_do_not_stop_the_pruning_unless_it_was_asked_for() -> None:
    examples = Path(__file__).parents[2] / "examples/iris"
    proto = onnx.load(examples / "iris.onnx")
    kept = [entry for entry in proto.metadata_props if entry.key != "nif.outputs"]
    del proto.metadata_props[:]
    proto.metadata_props.extend(kept)
    model, table = proto.SerializeToString(), read_table(examples / "iris.csv")
    analysis = Options(permutations=100, device="cpu", target="species")
    flow = analyze(model, table, analysis)
    document = prune(model, table, flow, analysis, PruningOptions()).document()
    assert document["metric"] is None and "which output is which" in document["not_measured"]
    with pytest.raises(InvalidParameter, match="which output is which"):
        prune(model, table, flow, analysis, PruningOptions(metric="accuracy"))
    named = PruningOptions(classes=("setosa", "versicolor", "virginica"))
    again = prune(model, table, flow, analysis, named).document()
    assert again["metric"]["difference"] == {"value": 0, "low": 0, "high": 0}


def test_options_are_those_of_an_ablation() -> None:
    options = PruningOptions(choose="list", neurons=("1:0",))
    assert PruningOptions.from_dict(json.loads(json.dumps(options.as_dict()))) == options
    for values in ({"k": 3}, {"choose": "list"}, {"metric": "f1"}):
        with pytest.raises(InvalidParameter):
            PruningOptions(**values)  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter, match="there is no such option"):
        PruningOptions.from_dict({"draws": 30})
