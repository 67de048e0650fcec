"""Data and training: what goes into the experiments."""

from pathlib import Path

import numpy as np
import pytest
import torch

from estimator.data.read import read_table
from estimator.model.read import read_model
from service.reproduction.data import read_data
from service.reproduction.recipes import BY_ID, RECIPES, recipes_of
from service.reproduction.training import exported, train
from tests.cli.nif import ROOT


@pytest.mark.parametrize("name", ["iris", "banknote"])
def test_the_data_are_those_of_the_examples(name: str) -> None:
    data = read_data(name)
    assert data.file == Path(ROOT / f"examples/{name}/{name}.csv").read_bytes()
    table = read_table(data.file)
    assert table.names == (*data.names, data.target)
    assert table.rows == len(data.features) == len(data.labels)
    for column, values in zip(data.names, data.features.T, strict=True):
        numbers = table.column(column).numbers
        assert numbers is not None
        np.testing.assert_allclose(numbers, values)


def test_a_standardised_network_takes_the_table_s_own_columns_and_learns() -> None:
    data = read_data("iris")
    network = train(data, BY_ID["iris-std"], 0)
    with torch.no_grad():
        outputs = network(torch.from_numpy(data.features.astype(np.float32))).numpy()
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-6)
    assert (outputs.argmax(axis=1) == data.labels).mean() > 0.95


def test_the_same_seed_gives_the_same_file_and_another_seed_another() -> None:
    data, recipe = read_data("iris"), BY_ID["iris-raw"]
    first, again, other = (exported(train(data, recipe, seed), data) for seed in (3, 3, 4))
    assert first == again != other
    plan = read_model(first)
    assert [layer.size for layer in plan.layers] == [4, 5, 3]
    assert plan.layers[-1].neurons == data.classes
    assert str(ROOT).encode() not in first


def test_recipes_have_names_of_their_own_and_belong_to_one_experiment() -> None:
    assert len({recipe.id for recipe in RECIPES}) == len(RECIPES) == len(recipes_of("all"))
    assert {recipe.hidden for recipe in recipes_of("banknote-deep")} == {(5, 5)}
    assert {recipe.rate for recipe in recipes_of("banknote-deep")} == {1e-2, 1e-1}
    assert {recipe.standardised for recipe in recipes_of("iris")} == {True, False}
