"""What arXiv 1901.08557 claims, as its readers report it, each as a question to one trained network.

A judgement is of a run by one estimator: held, not held, or None where the network has nothing to ask it of
(no neuron that is always 0, so none to cut). Numbers are those that it was judged by.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from service.reproduction.run import Cut, Measured, Run

# always: cannot fail, or something is wrong here. trained: counted in the activations, no estimate in it.
Kind = Literal["always", "trained", "estimated"]
IRIS, BANKNOTE, DEEP = ("iris",), ("banknote",), ("banknote-deep",)
EVERY = (*IRIS, *BANKNOTE, *DEEP)
RIVALS = ("shap", "integrated_gradients")
TIE = 1e-9


@dataclass(frozen=True)
class Judgement:
    held: bool | None
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Claim:
    """says: the claim. asked: how it is judged."""

    id: str
    says: str
    asked: str
    experiments: tuple[str, ...]
    kind: Kind
    judge: Callable[[Run, Measured], Judgement]
    same_for_all: bool = False  # made of every network, so that one that fails it is against it


def dead_without_edges(run: Run, by: Measured) -> Judgement:
    largest = 0.0
    for layer, i in map(_place, run.dead):
        for edges, nif in zip(by.network.edges, by.network.nif, strict=True):
            if edges.source == layer:
                largest = max(largest, float(edges.mi[i].max()), float(nif[i].max()))
            if edges.consumer == layer:
                largest = max(largest, float(edges.mi[:, i].max()), float(nif[:, i].max()))
    return Judgement(largest == 0 if run.dead else None, {"always 0": len(run.dead), "largest mi": largest})


def some_dead(run: Run, by: Measured) -> Judgement:
    return Judgement(len(run.dead) > 0, {"always 0": len(run.dead)})


def rest_carries(run: Run, by: Measured) -> Judgement:
    falls = run.without_remaining.difference
    return Judgement(
        _loses_nothing(run.without_dead) and falls.high < 0,
        {"accuracy": run.before.value, "without the dead": run.without_dead.after.value,
         "without the others": run.without_remaining.after.value},
    )  # fmt: skip


def iris_picture(run: Run, by: Measured) -> Judgement:
    parts = [dead_without_edges(run, by), some_dead(run, by), rest_carries(run, by)]
    numbers = {name: value for part in parts for name, value in part.numbers.items()}
    return Judgement(all(part.held for part in parts), numbers)


def first_feature_strongest(run: Run, by: Measured) -> Judgement:
    nif = by.network.nif[0]
    strongest = nif.max(axis=1)
    others = float(strongest[1:].max())
    numbers = {"first feature": float(strongest[0]), "other features": others}
    return Judgement(bool(strongest[0] > others), numbers)


def community_of_two(run: Run, by: Measured) -> Judgement:
    found = by.facts.community
    members = [(layer, int(i)) for layer, c in enumerate(found) for i in np.flatnonzero(c == found[0][0])]
    fed = (1, int(by.network.nif[0][0].argmax()))
    alone = found[0][0] >= 0 and sorted(members) == [(0, 0), fed]
    others = sum(layer == 0 for layer, _ in members) - 1
    numbers = {"members": len(members), "other features in it": others, "neuron with it": fed in members}
    return Judgement(bool(alone), numbers)


def no_other_feature(run: Run, by: Measured) -> Judgement:
    found = by.facts.community
    fed = int(by.network.nif[0][0].argmax())
    own = found[0][0]
    others = int(np.count_nonzero(found[0][1:] == own))
    held = own >= 0 and found[1][fed] == own and others == 0
    return Judgement(bool(held), {"other features in it": others})


def spread_agrees(run: Run, by: Measured) -> Judgement:
    spread, centrality = by.network.facts[1].sd, by.facts.betweenness[1]
    if np.ptp(spread) == 0 or np.ptp(centrality) == 0:
        return Judgement(False, {"rank correlation": 0.0})
    rho = float(stats.spearmanr(spread, centrality).statistic)
    return Judgement(rho > 0, {"rank correlation": rho})


def dead_in_each_layer(run: Run, by: Measured) -> Judgement:
    counts = _dead_by_layer(run, by)
    return Judgement(min(counts.values()) > 0, {f"layer {n}": count for n, count in counts.items()})


def dead_in_some_layer(run: Run, by: Measured) -> Judgement:
    counts = _dead_by_layer(run, by)
    return Judgement(max(counts.values()) > 0, {f"layer {n}": count for n, count in counts.items()})


def dead_cut_changes_nothing(run: Run, by: Measured) -> Judgement:
    cut = run.without_dead
    held = cut.largest_change == 0 if cut.neurons else None
    return Judgement(held, {"cut": len(cut.neurons), "largest output change": cut.largest_change})


def no_mi_cut_loses_nothing(run: Run, by: Measured) -> Judgement:
    return _cut_judged(by.cuts["zero-mi"])


def no_flow_cut_loses_nothing(run: Run, by: Measured) -> Judgement:
    return _cut_judged(by.cuts["zero-flow"])


def nif_nearest(run: Run, by: Measured) -> Judgement:
    """Ties count: the statistic is a multiple of one over the number of shares."""
    numbers = {method: by.attributed[method].statistic for method in ("nif", *RIVALS)}
    held = all(numbers["nif"] <= numbers[rival] + TIE for rival in RIVALS)
    return Judgement(held, numbers | {"p of nif": by.attributed["nif"].p_value})


def nif_alone_nearest(run: Run, by: Measured) -> Judgement:
    numbers = {method: by.attributed[method].statistic for method in ("nif", *RIVALS)}
    return Judgement(all(numbers["nif"] < numbers[rival] - TIE for rival in RIVALS), numbers)


def nif_nearest_by_feature(run: Run, by: Measured) -> Judgement:
    numbers = {method: by.attributed[method].distance for method in ("nif", *RIVALS)}
    return Judgement(all(numbers["nif"] < numbers[rival] for rival in RIVALS), numbers)


def _place(neuron: str) -> tuple[int, int]:
    layer, _, index = neuron.partition(":")
    return int(layer), int(index)


def _dead_by_layer(run: Run, by: Measured) -> dict[int, int]:
    hidden = [layer.index for layer in by.network.layers if layer.kind == "hidden"]
    return {layer: sum(_place(neuron)[0] == layer for neuron in run.dead) for layer in hidden}


def _loses_nothing(cut: Cut) -> bool:
    """A gain, or a difference whose interval holds 0."""
    return cut.difference.high >= 0


def _cut_judged(cut: Cut) -> Judgement:
    numbers = {"cut": float(len(cut.neurons)), "difference": cut.difference.value,
               "low": cut.difference.low, "high": cut.difference.high}  # fmt: skip
    if cut.random:
        numbers["random neurons"] = float(np.mean(cut.random)) - (cut.after.value - cut.difference.value)
    return Judgement(_loses_nothing(cut) if cut.neurons else None, numbers)


CLAIMS = (
    Claim("1", "Iris: neurons that are always 0 carry no edge, and the remaining carry the prediction",
          "1a, 1b and 1c together", IRIS, "estimated", iris_picture),
    Claim("1a", "A neuron that is always 0 carries no edge",
          "mi and nif of all its edges are 0", EVERY, "always", dead_without_edges),
    Claim("1b", "Of five hidden neurons some are always 0 (two in the paper)",
          "at least one is exactly 0 in every row", IRIS, "trained", some_dead),
    Claim("1c", "The remaining neurons carry the prediction",
          "the accuracy stays without those always 0, and falls beyond its interval without the others",
          IRIS, "trained", rest_carries),
    Claim("2a", "Banknote: the strongest flow into a hidden neuron starts at the first feature",
          "the largest nif between inputs and hidden neurons is the first feature's",
          BANKNOTE, "estimated", first_feature_strongest),
    Claim("2b", "The first feature and the neuron that it feeds are a community of their own",
          "the community of the first feature is these two", BANKNOTE, "estimated", community_of_two),
    Claim("2c", "No other feature is in the community of the first and its neuron",
          "as it says: 2b, if outputs and further neurons may be in it",
          BANKNOTE, "estimated", no_other_feature),
    Claim("2d", "Activation distributions agree with the centralities",
          "over the hidden neurons, standard deviation and betweenness have a rank correlation above 0",
          BANKNOTE, "estimated", spread_agrees),
    Claim("3a", "Two hidden layers: in each, some neurons are silent",
          "at least one of each layer is exactly 0 in every row", DEEP, "trained", dead_in_each_layer),
    Claim("3b", "Two hidden layers: in one of them, some neurons are silent",
          "at least one of some layer is exactly 0 in every row", DEEP, "trained", dead_in_some_layer),
    Claim("4", "Without the neurons that NIF says carry nothing, the accuracy is not lower",
          "those on no path of flow edges (beta 0.5) at 0: the interval of the difference holds 0",
          EVERY, "estimated", no_flow_cut_loses_nothing, same_for_all=True),
    Claim("4a", "Without the neurons that carry no information at all, the accuracy is not lower",
          "those on no path even at beta 0, at 0: the interval of the difference holds 0",
          EVERY, "always", no_mi_cut_loses_nothing),
    Claim("4b", "Without the neurons that are always 0, nothing changes",
          "no output changes in any row", EVERY, "always", dead_cut_changes_nothing),
    Claim("5", "NIF's attribution is nearest to the MI between features and classes",
          "the Kolmogorov-Smirnov statistic of NIF is at most that of SHAP and that of Integrated Gradients",
          EVERY, "estimated", nif_nearest),
    Claim("5a", "No other method is as near",
          "5 without ties; of four features and two outputs that mirror each other, KS goes by quarters",
          EVERY, "estimated", nif_alone_nearest),
    Claim("5b", "NIF's attribution is nearest feature by feature",
          "half the sum of |share - share of the MI|, which KS does not look at", EVERY, "estimated",
          nif_nearest_by_feature),
)  # fmt: skip
