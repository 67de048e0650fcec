"""Neurons of a permuted, a retrained and another model find their counterparts, or it is said."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from estimator import Options, analyze
from estimator.data.csv_table import read_csv
from estimator.diff import DiffOptions, Side, diff
from estimator.diff.assignment import assign, similarity
from estimator.diff.document import document_of
from estimator.errors import InvalidParameter
from tests.estimator.permuted_models import ROWS, WIDTH, network_of, permuted, table, weights_of


@pytest.fixture(scope="module")
def weights() -> tuple[np.ndarray, np.ndarray]:
    return weights_of(0)


def side(model: bytes) -> Side:
    rows = table()
    return Side(analyze(model, rows, Options(permutations=20)), model, rows)


@pytest.fixture(scope="module")
def base(weights) -> Side:
    return side(network_of(*weights))


def test_permuted_and_sign_flipped_neurons_are_aligned_and_nothing_else_changed(base, weights):
    order = np.array([3, 0, 5, 1, 4, 2])
    head = side(permuted(*weights, order))
    found = diff(base, head)
    hidden = found.alignment.layers[1]
    assert hidden.by == "activations"
    assert (order[hidden.partner] == np.arange(WIDTH)).all(), "base's i stands at the place of i in `order`"
    assert hidden.moved == 6 - 1  # the neuron 4 kept its place
    assert np.allclose(hidden.matched.similarity, 1.0)
    assert (hidden.matched.confidence > 0.999).all()
    assert found.empty


def test_a_network_of_another_start_is_reported_as_what_it_is(base):
    document = document_of(diff(base, side(network_of(*weights_of(99)))))
    [hidden] = [layer for layer in document["alignment"]["layers"] if layer["kind"] == "hidden"]
    alike = [neuron["similarity"] for neuron in hidden["neurons"]]
    assert hidden["strangers"] == sum(s < 0.5 for s in alike)
    assert hidden["similarity"] == pytest.approx(np.mean(alike))
    assert hidden["similarity"] < 0.95
    assert document["edges"]["changed"] > 0
    assert "model_sha256" in {d["what"] for d in document["differs"]}


def test_analyses_with_other_probes_are_matched_on_the_rows_of_the_first(base, weights):
    rows = table()
    text = "a,b,c,group\n" + "".join(
        f"{','.join(repr(float(c.numbers[i])) for c in rows.columns)},{i % 2}\n" for i in range(ROWS)
    )
    labelled = read_csv(text.encode())
    model = network_of(*weights, hidden="renamed")
    head = Side(analyze(model, labelled, Options(permutations=20, probes=("group",))), model, labelled)
    assert diff(base, head).alignment.by == "activations"
    assert document_of(diff(head, base))["said"][-1].startswith("Only base has the probes 'group'")


def test_by_names_says_that_names_are_not_roles(base):
    head = side(network_of(*weights_of(99)))
    document = document_of(diff(Side(base.network), Side(head.network)))
    assert document["alignment"]["by"] == "names"
    assert any("need not do the same" in said for said in document["said"])


def test_activations_without_models_and_a_model_of_another_network_are_refused(base, weights):
    with pytest.raises(InvalidParameter, match="needs both models and a table"):
        diff(Side(base.network), base, DiffOptions(align="activations"))
    other = network_of(weights[0] + 1, weights[1])
    with pytest.raises(InvalidParameter, match="given for head has the sha256"):
        diff(base, Side(base.network, other, base.table), DiffOptions(align="activations"))


def test_similarity_is_the_rank_correlation_and_constants_match_nothing():
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(50, 3)), np.round(rng.normal(size=(50, 3)), 1)
    X[:, 1] = 2.0
    expected = np.array([[abs(spearmanr(x, y)[0]) for y in Y.T] for x in X[:, [0, 2]].T])
    found = similarity(X, Y)
    assert np.allclose(found[[0, 2]], expected)
    assert (found[1] == 0).all()


def test_exact_copies_are_a_tie_that_goes_to_the_same_place_and_is_not_called_sure():
    x = np.random.default_rng(0).normal(size=(60, 1))
    found = assign(np.hstack([x, x]), np.hstack([x, x]))
    assert found.partner.tolist() == [0, 1]
    assert found.confidence == pytest.approx([0.5, 0.5])


def test_two_dead_neurons_have_no_similarity():
    X = np.random.default_rng(0).normal(size=(60, 2))
    X[:, 1] = 0
    found = assign(X, X)
    assert np.isnan(found.similarity).tolist() == [False, True]


def test_other_rows_of_the_same_kind_seldom_look_like_a_change(base):
    """Of 5 diffs at alpha 0.05, 3 with an alarm have a probability of 0.0012."""
    networks = [analyze(base.model, table(seed), Options(permutations=20)) for seed in range(10, 20)]
    found = [diff(Side(a), Side(b)) for a, b in zip(networks[::2], networks[1::2], strict=True)]
    assert sum(not f.empty for f in found) <= 2
    said = document_of(found[0])["said"]
    assert any("The data differ" in sentence for sentence in said)
