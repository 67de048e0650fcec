"""Part of a large model: chosen layers, sampled neurons."""

from dataclasses import replace

import numpy as np
import onnx
import pytest

from estimator.analysis import analyze
from estimator.data.read import read_table
from estimator.data.table import Table, TableFormat
from estimator.errors import InvalidParameter
from estimator.model.read import read_model
from estimator.model.selection import select
from estimator.options import Options
from tests.models.graphs import matrix, model, node

OPTIONS = Options(permutations=20, columns_by="position", device="cpu")


def deep() -> onnx.ModelProto:
    """4-30-5-40-3, with the second layer's values added after the fourth."""
    nodes = [
        node("Gemm", "x w1", "a", "one"), node("Tanh", "a", "h1"),
        node("Gemm", "h1 w2", "b", "two"), node("Tanh", "b", "h2"),
        node("Gemm", "h2 w3", "c", "three"), node("Tanh", "c", "h3"),
        node("Gemm", "h3 w4", "d"), node("Gemm", "h2 w5", "e"), node("Add", "d e", "y", "out"),
    ]  # fmt: skip
    weights = {"w1": matrix(4, 30), "w2": matrix(30, 5), "w3": matrix(5, 40), "w4": matrix(40, 3)}
    return model(nodes, weights | {"w5": matrix(5, 3, seed=1)})


DATA = deep().SerializeToString()
PLAN = read_model(DATA)


def table(rows: int = 60) -> Table:
    values = np.random.default_rng(0).normal(size=(rows, 4))
    lines = [",".join(map(str, row)) for row in values]
    return read_table("\n".join(["a,b,c,d", *lines, ""]).encode(), TableFormat())


def test_a_layer_that_is_left_out_is_passed_through() -> None:
    assert PLAN.links == ((0, 1), (1, 2), (2, 3), (2, 4), (3, 4))
    selected = select(PLAN, replace(OPTIONS, layers=("one", "three")))
    assert [layer.name for layer in selected.run.layers] == ["x", "one", "three", "out"]
    assert selected.run.links == ((0, 1), (1, 2), (1, 3), (2, 3))
    assert [layer.index for layer in selected.run.layers] == [0, 1, 2, 3]


def test_all_layers_chosen_are_the_whole_model() -> None:
    assert select(PLAN, replace(OPTIONS, layers=("one", "two", "three"))).run == PLAN


def test_a_layer_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidParameter, match=r"'four'.*'one', 'two', 'three'") as caught:
        select(PLAN, replace(OPTIONS, layers=("four",)))
    assert caught.value.errors[0].field == "layers"


def test_wide_layers_are_sampled_each_by_itself_and_by_the_seed() -> None:
    sampled = replace(OPTIONS, sample_neurons=6)
    selected = select(PLAN, sampled)
    assert [layer.size for layer in selected.measured.layers] == [4, 6, 5, 6, 3]
    assert [layer.size for layer in selected.run.layers] == [4, 30, 5, 40, 3]
    again = select(PLAN, sampled)
    other = select(PLAN, replace(sampled, seed=1))
    part = select(PLAN, replace(sampled, layers=("three",)))
    assert again.measured == selected.measured
    assert other.measured.layers[1].neurons != selected.measured.layers[1].neurons
    assert part.measured.layers[1].neurons == selected.measured.layers[3].neurons


@pytest.mark.parametrize("count", [1, 0, -3, 10**9])
def test_a_sample_of_too_few_or_too_many_is_refused(count: int) -> None:
    with pytest.raises(InvalidParameter, match="sample_neurons"):
        Options(sample_neurons=count)


def test_a_sampled_pair_has_the_value_that_it_has_in_the_whole_network() -> None:
    whole = analyze(DATA, table(), OPTIONS)
    part = analyze(DATA, table(), replace(OPTIONS, sample_neurons=6, layers=("one", "three")))
    assert [layer.size for layer in part.layers] == [4, 6, 6, 3]
    names = [[layer.neurons.index(n) for n in small.neurons] for small in part.layers
             for layer in whole.layers if layer.name == small.name]  # fmt: skip
    np.testing.assert_allclose(part.edges[0].mi, whole.edges[0].mi[:, names[1]], rtol=1e-6, atol=1e-9)
    said = " ".join(part.provenance["warnings"])
    assert "'one' was sampled: 6 of its 30 neurons, drawn with seed 0" in said
    assert "1 of 5 layers were left out" in said
    assert part.provenance["sample_neurons"] == 6
    assert "sampled" not in " ".join(whole.provenance["warnings"])
