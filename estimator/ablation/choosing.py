"""Which neurons are cut, and in which order. A layer is never cut to nothing."""

from collections import Counter
from dataclasses import dataclass

from estimator.ablation.candidates import Candidates, Neuron, by_name, refused
from estimator.ablation.options import RANKED, AblationOptions
from estimator.ablation.ranking import in_order, neuron_scores
from estimator.data.names import listed, shown
from estimator.network import Floats


@dataclass(frozen=True)
class Series:
    """order: `chosen` (a set that is cut whole), `least` or `most` (a ranking).

    neurons: in the order in which they are cut. scores: what they were ranked by, None for `chosen`.
    counts: how many of them are cut, a measurement each. kept: neurons that were passed over in the
    ranking, each the last of its layer.
    """

    order: str
    neurons: tuple[Neuron, ...]
    counts: tuple[int, ...]
    scores: tuple[float, ...] | None = None
    kept: tuple[Neuron, ...] = ()


def choose(candidates: Candidates, options: AblationOptions) -> tuple[Series, ...]:
    """Raises InvalidParameter: unknown neurons, a layer cut to nothing, k beyond what can be cut."""
    if options.choose in RANKED:
        scores = neuron_scores(candidates.network, options.choose)
        orders = (False, True) if options.inverse else (False,)
        return tuple(_ranked(candidates, options, scores, most=most) for most in orders)
    if options.choose == "list":
        chosen = by_name(candidates, options.neurons)
    else:
        kinds = ("constant",) if options.choose == "constant" else ("constant", "uninformative")
        chosen = tuple(n for n in candidates.neurons if candidates.silent(n) in kinds)
    _refuse_whole_layers(candidates, chosen, options)
    return (Series("chosen", chosen, (len(chosen),) if chosen else ()),)


def _ranked(
    candidates: Candidates, options: AblationOptions, scores: tuple[Floats, ...], *, most: bool
) -> Series:
    left = Counter({layer: candidates.whole_size(layer) for layer in candidates.layers})
    taken: list[Neuron] = []
    kept: list[Neuron] = []
    k = options.k
    for neuron in in_order(candidates, scores, most=most):
        if k is not None and len(taken) == k:
            break
        if left[neuron[0]] == 1:
            kept.append(neuron)
            continue
        left[neuron[0]] -= 1
        taken.append(neuron)
    if k is not None and len(taken) < k:
        names = listed((candidates.network.layers[i].name for i in candidates.layers), 20)
        raise refused(
            "k", f"k is {k}, and {len(taken)} neurons can be cut: {names} have {len(candidates.neurons)}, "
            "and a layer must keep one"
        )  # fmt: skip
    if not taken:
        raise refused("layers", "every hidden layer has one neuron only, and a layer must keep one")
    return Series(
        "most" if most else "least",
        tuple(taken),
        _counts(len(taken), options.points),
        tuple(float(scores[layer][i]) for layer, i in taken),
        tuple(kept),
    )


def _counts(k: int, points: int) -> tuple[int, ...]:
    """Evenly spread from 1 to k, k always among them."""
    if points == 1 or k == 1:
        return (k,)
    steps = min(points, k) - 1
    return tuple(dict.fromkeys(1 + round(i * (k - 1) / steps) for i in range(steps + 1)))


def _refuse_whole_layers(
    candidates: Candidates, chosen: tuple[Neuron, ...], options: AblationOptions
) -> None:
    for layer, count in Counter(layer for layer, _ in chosen).items():
        if count == candidates.whole_size(layer):
            name = shown(candidates.network.layers[layer].name)
            what = "given" if options.choose == "list" else options.choose
            field = "neurons" if options.choose == "list" else "choose"
            raise refused(
                field, f"all {count} neurons of layer {name} are {what}: a layer may not be cut to nothing; "
                "leave one out (choose=list), or name other layers"
            )  # fmt: skip
