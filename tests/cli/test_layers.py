"""`nif layers`, and the options that take a part of a model."""

import json

from tests.api.test_models import with_data_beside
from tests.cli.nif import IRIS, nif, refusal


def test_the_layers_are_shown_with_what_was_merged(tmp_path):
    done = nif(tmp_path, "layers", IRIS[0])
    assert done.returncode == 0, done.stderr
    assert "4 neurons: sepal_length, sepal_width" in done.stdout
    assert "merged: Gemm, Relu" in done.stdout
    assert "fed by: hidden" in done.stdout
    found = json.loads(nif(tmp_path, "layers", IRIS[0], "--json").stdout)
    assert [layer["size"] for layer in found["layers"]] == [4, 5, 3]


def test_weights_in_a_file_beside_the_model_are_read_with_it(tmp_path):
    model, data = with_data_beside()
    (tmp_path / "m.onnx").write_bytes(model)
    assert "not a plain file there" in refusal(nif(tmp_path, "layers", "m.onnx"))
    (tmp_path / "elsewhere.bin").write_bytes(data)
    (tmp_path / "w.bin").symlink_to("elsewhere.bin")
    assert "a link, which is not followed" in refusal(nif(tmp_path, "layers", "m.onnx"))
    (tmp_path / "w.bin").unlink()
    (tmp_path / "w.bin").write_bytes(data)
    (tmp_path / "away").mkdir()
    for folder, name in ((tmp_path, "m.onnx"), (tmp_path / "away", "../m.onnx")):
        done = nif(folder, "layers", name, "--json")
        assert [layer["size"] for layer in json.loads(done.stdout)["layers"]] == [4, 5, 3], done.stderr
    done = nif(tmp_path, "estimate", "m.onnx", IRIS[1], "--target", "species", "--json")
    assert json.loads(done.stdout)["neurons"] == 12, done.stderr


def test_columns_are_given_to_inputs_by_name(tmp_path):
    columns = IRIS[1].read_text().split("\n", 1)[0].split(",")
    pairs = [part for name in reversed(columns[:4]) for part in ("--input", f"features={name}")]
    done = nif(tmp_path, "estimate", *IRIS, "--target", "species", *pairs, "--json")
    assert json.loads(done.stdout)["neurons"] == 12, done.stderr
    few = refusal(nif(tmp_path, "estimate", *IRIS, "--target", "species", *pairs[:6]))
    assert "takes 4 columns" in few and "3 are given" in few
    no = refusal(nif(tmp_path, "estimate", *IRIS, "--target", "species", "--input", "features=sepal"))
    assert "inputs.features: the table has no column or array 'sepal'" in no
    assert "--input" in refusal(nif(tmp_path, "estimate", *IRIS, "--input", "features"))


def test_a_data_file_in_another_folder_is_never_opened(tmp_path):
    model, data = with_data_beside("../w.bin")
    (tmp_path / "w.bin").write_bytes(data)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.onnx").write_bytes(model)
    assert "no plain file name" in refusal(nif(tmp_path / "models", "layers", "m.onnx"))


def test_what_is_no_model_is_refused(tmp_path):
    assert "not an ONNX model" in refusal(nif(tmp_path, "layers", IRIS[1]))


def test_a_sample_is_estimated_as_such(tmp_path):
    whole = nif(tmp_path, "estimate", *IRIS, "--target", "species", "--json")
    part = nif(tmp_path, "estimate", *IRIS, "--target", "species", "--sample-neurons", "2", "--json")
    assert json.loads(part.stdout)["pairs"] < json.loads(whole.stdout)["pairs"]
    assert "--sample-neurons" in refusal(nif(tmp_path, "estimate", *IRIS, "--sample-neurons", "1"))
    assert "the model's layers are" in refusal(
        nif(tmp_path, "estimate", *IRIS, "--target", "species", "--layer", "no")
    )
