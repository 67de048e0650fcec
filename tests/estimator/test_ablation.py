"""Ablation from end to end on Iris and Banknote, and the choice of what is cut."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from estimator import FlowNetwork, Options, Table, analyze, read_table
from estimator.ablation import AblationOptions, ablate
from estimator.ablation.candidates import Candidates, candidates
from estimator.ablation.choosing import choose
from estimator.ablation.control import control, random_cuts
from estimator.ablation.ranking import outgoing_flow, through
from estimator.data.columns import match_columns
from estimator.errors import Cancelled, InvalidParameter, LimitExceeded
from estimator.model.read import read_model
from estimator.model.selection import select
from estimator.network import neuron_id
from tests.estimator.all_paths import every_path
from tests.networks import random_network

EXAMPLES = Path(__file__).parents[2] / "examples"
ANALYSIS = Options(permutations=100, device="cpu")


class Example:
    def __init__(self, name: str, target: str, **options: Any) -> None:
        self.model = (EXAMPLES / name / f"{name}.onnx").read_bytes()
        self.table: Table = read_table(EXAMPLES / name / f"{name}.csv")
        self.analysis = replace(ANALYSIS, target=target, **options)
        self.network: FlowNetwork = analyze(self.model, self.table, self.analysis)

    def ablated(self, **options: Any) -> dict[str, Any]:
        return ablate(
            self.model, self.table, self.network, self.analysis, AblationOptions(**options)
        ).document()

    def refused(self, **options: Any) -> InvalidParameter:
        with pytest.raises(InvalidParameter) as caught:
            self.ablated(**options)
        assert caught.value.errors
        return caught.value


@pytest.fixture(scope="module")
def iris() -> Example:
    return Example("iris", "species")


@pytest.fixture(scope="module")
def banknote() -> Example:
    return Example("banknote", "label")


def test_cutting_neurons_that_carry_nothing_changes_no_output(iris: Example) -> None:
    """The paper's claim, where it must hold to the bit: a dead ReLU gives 0 already."""
    document = iris.ablated()
    (series,) = document["series"]
    dead = [f"1:{i}" for i in np.flatnonzero(iris.network.facts[1].constant)]
    assert [n["id"] for n in series["neurons"]] == dead and len(dead) == 2
    (point,) = series["points"]
    assert point["largest_change"] == 0 and point["lost"] == point["gained"] == 0
    assert point["difference"] == {"value": 0, "low": 0, "high": 0}
    assert point["after"] == document["before"]
    predicted = ("setosa", "versicolor", "virginica")
    assert document["classes"] == list(predicted) and document["metric"] == "accuracy"
    beside = point["control"]
    assert beside["exhaustive"] and beside["sets"] == 10 and beside["p_value"] == 0.1
    assert beside["mean"] < document["before"]["value"] - 0.2
    json.dumps(document, allow_nan=False)


def test_the_least_informative_cost_less_than_the_most(banknote: Example) -> None:
    document = banknote.ablated(choose="least-outgoing-flow", k=2, inverse=True, draws=25)
    least, most = document["series"]
    assert [s["order"] for s in document["series"]] == ["least", "most"]
    scores = [n["score"] for n in least["neurons"]]
    assert scores == sorted(scores) and not set(map(str, scores)) & {n["score"] for n in most["neurons"]}
    for low, high in zip(least["points"], most["points"], strict=True):
        assert low["k"] == high["k"]
        assert low["after"]["value"] > high["after"]["value"]
        assert low["control"]["scores"] == high["control"]["scores"], "all sets are the same sets"


def test_with_auc_and_means_instead_of_zeros(banknote: Example) -> None:
    document = banknote.ablated(choose="least-attribution", k=1, metric="auc", replace="mean")
    (point,) = document["series"][0]["points"]
    assert document["metric"] == "auc" and point["lost"] is None
    assert 0.9 < point["after"]["value"] <= document["before"]["value"]
    zero = banknote.ablated(choose="least-attribution", k=1, metric="auc")
    assert zero["series"][0]["points"][0]["largest_change"] != point["largest_change"]


def test_a_network_without_silent_neurons_has_nothing_to_cut(banknote: Example) -> None:
    document = banknote.ablated()
    assert document["series"] == [{"order": "chosen", "neurons": [], "kept": [], "points": []}]
    assert document["before"]["value"] > 0.9


def test_neurons_are_named_by_id_or_name(iris: Example) -> None:
    by_id = iris.ablated(choose="list", neurons=("1:4", "hidden.0"))
    assert [n["id"] for n in by_id["series"][0]["neurons"]] == ["1:4", "1:0"]


def test_the_same_seed_gives_the_same_document_and_another_one_other_intervals(banknote: Example) -> None:
    once = banknote.ablated(choose="least-outgoing-flow", k=2, seed=3)
    assert json.dumps(once) == json.dumps(banknote.ablated(choose="least-outgoing-flow", k=2, seed=3))
    other = banknote.ablated(choose="least-outgoing-flow", k=2, seed=4)
    last = once["series"][0]["points"][-1], other["series"][0]["points"][-1]
    assert last[0]["after"]["value"] == last[1]["after"]["value"]
    assert last[0]["difference"] != last[1]["difference"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"choose": "list", "neurons": ("hiden.3",)}, "did you mean 'hidden.3'"),
        ({"choose": "list", "neurons": ("1:7",)}, "is no neuron of the network"),
        ({"choose": "list", "neurons": ("1:2", "hidden.2")}, "is there twice"),
        ({"choose": "list", "neurons": ("petal_width",)}, "only hidden neurons are cut"),
        ({"choose": "list", "neurons": ("2:0",)}, "an output layer"),
        ({"choose": "list", "neurons": tuple(f"1:{i}" for i in range(5))}, "may not be cut to nothing"),
        ({"choose": "least-outgoing-flow", "k": 5}, "k is 5, and 4 neurons can be cut"),
        ({"layers": ("hiddn",)}, "the hidden layers are 'hidden'"),
        ({"metric": "rmse"}, "holds text"),
        ({"target": "kind"}, "no such column"),
    ],
)
def test_what_cannot_be_cut_or_measured_is_refused(
    iris: Example, options: dict[str, Any], words: str
) -> None:
    assert words in iris.refused(**options).detail


def test_every_unknown_neuron_is_named_with_its_place(iris: Example) -> None:
    error = iris.refused(choose="list", neurons=("hidden.0", "nobody", "1:99"))
    assert [place.field for place in error.errors] == ["neurons.1", "neurons.2"]
    assert "and 1 more" in error.detail


def test_data_without_labels_has_no_accuracy(iris: Example) -> None:
    bare = replace(iris.analysis, target=None, probes=("species",))
    with pytest.raises(InvalidParameter, match="no labels"):
        ablate(iris.model, iris.table, iris.network, bare, AblationOptions())
    named = ablate(iris.model, iris.table, iris.network, bare, AblationOptions(target="species"))
    assert named.document()["before"] == iris.ablated()["before"]


def test_another_model_or_table_than_the_networks_is_refused(iris: Example, banknote: Example) -> None:
    with pytest.raises(InvalidParameter) as caught:
        ablate(banknote.model, banknote.table, iris.network, banknote.analysis, AblationOptions())
    assert [place.field for place in caught.value.errors] == ["model", "data"]
    assert iris.network.provenance["model_sha256"] in caught.value.detail


def test_options_that_select_other_neurons_than_the_networks_are_refused(iris: Example) -> None:
    other = replace(iris.analysis, sample_neurons=3)
    with pytest.raises(InvalidParameter, match="hidden"):
        ablate(iris.model, iris.table, iris.network, other, AblationOptions())


def test_of_a_sampled_layer_the_sampled_neurons_are_cut_at_their_places() -> None:
    sampled = Example("iris", "species", sample_neurons=3)
    places = [int(name.split(".")[1]) for name in sampled.network.layers[1].neurons]
    whole = Example("iris", "species")
    for i, place in enumerate(places):
        few = sampled.ablated(choose="list", neurons=(f"1:{i}",))["series"][0]
        all_ = whole.ablated(choose="list", neurons=(f"1:{place}",))["series"][0]
        assert few["points"][0]["after"] == all_["points"][0]["after"]
        assert few["neurons"][0]["name"] == all_["neurons"][0]["name"]
    cut = sampled.ablated(choose="list", neurons=("1:0", "1:1", "1:2"))
    assert len(cut["series"][0]["neurons"]) == 3, "two more neurons are left in the model's layer"


def test_it_can_be_cancelled_while_it_runs(iris: Example) -> None:
    def stop(phase: str, done: int, total: int) -> None:
        if phase == "cutting":
            raise Cancelled

    with pytest.raises(Cancelled):
        ablate(iris.model, iris.table, iris.network, iris.analysis, AblationOptions(), stop)


def test_progress_goes_up_in_every_phase(iris: Example) -> None:
    seen: dict[str, list[tuple[int, int]]] = {}

    def note(phase: str, done: int, total: int) -> None:
        seen.setdefault(phase, []).append((done, total))

    ablate(iris.model, iris.table, iris.network, iris.analysis, AblationOptions(), note)
    assert list(seen) == ["reading", "activations", "cutting", "bootstrap"]
    for steps in seen.values():
        assert steps == sorted(steps) and steps[-1][0] == steps[-1][1]


# -- ranking and choosing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_attribution_through_a_neuron_is_the_sum_over_all_paths_through_it(seed: int) -> None:
    network = random_network(seed, layers=4, width=3)
    found = through(network)
    sums = [np.zeros(layer.size) for layer in network.layers]
    ends = {
        kind: [neuron_id(layer.index, i) for layer in network.layers if layer.kind == kind
               for i in range(layer.size)]
        for kind in ("input", "output")
    }  # fmt: skip
    for source in ends["input"]:
        for target in ends["output"]:
            for neurons, _, product in every_path(network, source, target):
                for layer, i in neurons:
                    sums[layer][i] += float(product)
    for layer, (given, want) in enumerate(zip(found, sums, strict=True)):
        if network.layers[layer].kind == "hidden":
            assert given == pytest.approx(want, rel=1e-9)


def test_outgoing_flow_is_the_sum_of_nif_over_all_consumers() -> None:
    network = random_network(2)
    flow = outgoing_flow(network)
    for layer in range(len(network.layers)):
        want = sum(
            (nif.sum(axis=1) for e, nif in zip(network.edges, network.nif, strict=True) if e.source == layer),
            np.zeros(network.layers[layer].size),
        )
        assert flow[layer] == pytest.approx(want)


def test_attributions_beyond_the_largest_double_are_an_error() -> None:
    network = random_network(0)
    edges = tuple(replace(e, mi=np.full_like(e.mi, 1e300), q_value=0 * e.q_value) for e in network.edges)
    with pytest.raises(LimitExceeded, match="beta"):
        through(replace(network, edges=edges))


def found_on(example: Example) -> Candidates:
    plan = read_model(example.model)
    match_columns(example.table, plan, example.analysis)
    return candidates(example.network, select(plan, example.analysis), ())


@pytest.mark.parametrize(
    ("k", "points", "counts"),
    [(4, 10, (1, 2, 3, 4)), (4, 2, (1, 4)), (4, 3, (1, 3, 4)), (3, 1, (3,)), (1, 10, (1,)), (None, 1, (4,))],
)
def test_points_are_spread_from_1_to_k(
    iris: Example, k: int | None, points: int, counts: tuple[int, ...]
) -> None:
    options = AblationOptions(choose="least-outgoing-flow", k=k, points=points)
    (series,) = choose(found_on(iris), options)
    assert series.counts == counts and len(series.neurons) == counts[-1]


def test_random_sets_have_as_many_of_each_layer_and_are_all_sets_where_these_are_few(iris: Example) -> None:
    found = found_on(iris)
    cuts, exhaustive = random_cuts(found, [(1, 0), (1, 1)], 20, (0,))
    assert exhaustive and len({tuple(cut[1]) for cut in cuts}) == 10
    cuts, exhaustive = random_cuts(found, [(1, 0), (1, 1)], 9, (0,))
    assert not exhaustive and len(cuts) == 9 and all(len(set(cut[1])) == 2 for cut in cuts)
    assert all((a[1] == b[1]).all() for a, b in zip(cuts, random_cuts(found, [(1, 3), (1, 4)], 9, (0,))[0],
                                                    strict=True))  # fmt: skip


def test_p_is_the_share_of_sets_at_least_as_good() -> None:
    scores = np.array([0.5, 0.9, 0.9, 0.4])
    assert control(scores, 0.9, exhaustive=True, high_is_extreme=True).p_value == 0.5
    assert control(scores, 0.9, exhaustive=False, high_is_extreme=True).p_value == 3 / 5
    assert control(scores, 0.45, exhaustive=False, high_is_extreme=False).p_value == 2 / 5


# -- options -------------------------------------------------------------------------------------------------


def test_options_are_plain_json_and_back() -> None:
    options = AblationOptions(choose="list", neurons=("1:0",), classes=("a", "b"), replace="mean")
    assert AblationOptions.from_dict(json.loads(json.dumps(options.as_dict()))) == options


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"choose": "all"}, "choose"),
        ({"choose": "list"}, "neurons"),
        ({"neurons": ("1:0",)}, "neurons"),
        ({"k": 3}, "k"),
        ({"choose": "least-betweenness", "k": 0}, "k"),
        ({"inverse": True}, "inverse"),
        ({"draws": 19}, "draws"),
        ({"points": 0}, "points"),
        ({"replace": "median"}, "replace"),
        ({"metric": "f1"}, "metric"),
        ({"bootstrap": 5}, "bootstrap"),
        ({"seed": -1}, "seed"),
        ({"classes": ("a", "a")}, "classes"),
    ],
)
def test_an_option_out_of_range_is_refused_by_name(values: dict[str, Any], field: str) -> None:
    make: Callable[[], object] = lambda: AblationOptions(**values)  # noqa: E731
    with pytest.raises(InvalidParameter) as caught:
        make()
    assert caught.value.errors[0].field == field


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="there is no such option"):
        AblationOptions.from_dict({"kk": 3})
