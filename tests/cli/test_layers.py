"""`nif layers`, and the options that take a part of a model."""

import json

from tests.cli.nif import IRIS, nif, refusal


def test_the_layers_are_shown_with_what_was_merged(tmp_path):
    done = nif(tmp_path, "layers", IRIS[0])
    assert done.returncode == 0, done.stderr
    assert "4 neurons: sepal_length, sepal_width" in done.stdout
    assert "merged: Gemm, Relu" in done.stdout
    assert "fed by: hidden" in done.stdout
    found = json.loads(nif(tmp_path, "layers", IRIS[0], "--json").stdout)
    assert [layer["size"] for layer in found["layers"]] == [4, 5, 3]


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
