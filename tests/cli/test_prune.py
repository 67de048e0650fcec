"""`nif prune` as a process of its own."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from estimator.model.read import read_model
from tests.cli.nif import IRIS, nif, refusal


def outputs(path: Path) -> np.ndarray:
    rows = np.loadtxt(IRIS[1], delimiter=",", skiprows=1, usecols=range(4), dtype=np.float32)
    found: np.ndarray = onnxruntime.InferenceSession(path).run(None, {"features": rows})[0]
    return found


def test_the_smaller_model_of_iris_gives_what_the_model_gave(tmp_path: Path) -> None:
    ran = nif(tmp_path, "prune", *IRIS, "--target", "species")
    assert ran.returncode == 0 and ran.stderr == "", ran.stderr
    assert "2 neurons of 2 chosen removed" in ran.stdout
    assert "the outputs are those of the original" in ran.stdout
    made = tmp_path / "iris-pruned.onnx"
    assert made.stat().st_size < IRIS[0].stat().st_size
    assert np.abs(outputs(made) - outputs(IRIS[0])).max() < 1e-5
    plan = read_model(made.read_bytes())
    assert [layer.size for layer in plan.layers] == [4, 3, 3]
    assert plan.features is not None and plan.layers[2].neurons == ("setosa", "versicolor", "virginica")
    again = nif(tmp_path, "prune", *IRIS, "--target", "species", "--choose", "constant", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["pruned_sha256"]


def test_with_a_network_and_other_neurons(analysed: Path, tmp_path: Path) -> None:
    ran = nif(analysed, "prune", *IRIS, "--network", "nif-iris", "--choose", "least-attribution", "-k", "3",
              "--output", tmp_path / "small.onnx", "--json")  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert document["layers"] == [{"index": 1, "name": "hidden", "before": 5, "after": 2}]
    assert document["to_fixed"]["scaled"] <= 1e-5 < document["to_original"]["scaled"]
    assert document["metric"]["before"]["value"] == pytest.approx(0.98667, abs=1e-4)
    assert document["latency"]["ratio"] > 0 and document["checked"]


def test_a_file_that_it_did_not_make_is_not_overwritten(analysed: Path, tmp_path: Path) -> None:
    model = Path(shutil.copy(IRIS[0], tmp_path / "iris.onnx"))
    for place, words in ((model, "did not make it"), (tmp_path, "is no file")):
        ran = nif(analysed, "prune", model, IRIS[1], "--network", "nif-iris", "--output", place)
        assert words in refusal(ran)
    assert model.read_bytes() == IRIS[0].read_bytes()


def test_a_layer_is_not_cut_to_nothing(analysed: Path, tmp_path: Path) -> None:
    every = [part for i in range(5) for part in ("--neuron", f"1:{i}")]
    ran = nif(analysed, "prune", *IRIS, "--network", "nif-iris", *every, "--output", tmp_path / "x.onnx")
    assert "may not be cut to nothing" in refusal(ran)
    assert not (tmp_path / "x.onnx").exists()
