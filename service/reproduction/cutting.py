"""Accuracy without sets of neurons, all sets of one network in one child process.

`estimator.ablation.ablate` cuts one choice a call and never a whole layer; here the neurons that are left are
cut, too, to see that they carry the prediction. What runs is the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from estimator.ablation.candidates import Candidates, Neuron, candidates
from estimator.ablation.control import random_cuts
from estimator.ablation.masked_runs import model_outputs, run_masked
from estimator.ablation.ranking import through
from estimator.data.columns import match_columns
from estimator.data.table import Table
from estimator.model.read import read_model
from estimator.model.selection import select
from estimator.network import FlowNetwork, neuron_id
from estimator.options import Options
from estimator.scoring.bootstrap import Interval, bootstrap
from estimator.scoring.labels import truth_of
from service.reproduction.run import Cut

DRAWS = 20
BOOTSTRAP = 1000


def hidden_neurons(network: FlowNetwork) -> tuple[Neuron, ...]:
    return tuple(
        (layer.index, i) for layer in network.layers if layer.kind == "hidden" for i in range(layer.size)
    )


def dead_neurons(network: FlowNetwork) -> tuple[Neuron, ...]:
    """Hidden neurons that are exactly 0 in every row."""
    return tuple(n for n in hidden_neurons(network) if network.facts[n[0]].zeros[n[1]] == 1)


def silent_neurons(network: FlowNetwork) -> tuple[Neuron, ...]:
    """Constant, or without a significant edge."""
    return tuple(n for n in hidden_neurons(network) if network.silent[n[0]][n[1]] is not None)


def zero_flow_neurons(network: FlowNetwork) -> tuple[Neuron, ...]:
    """Hidden neurons through which no path of flow edges leads from an input to an output, at its beta."""
    flow = through(network)
    return tuple(n for n in hidden_neurons(network) if flow[n[0]][n[1]] == 0)


def measure_cuts(
    model: bytes, table: Table, network: FlowNetwork, analysis: Options, sets: Mapping[str, Sequence[Neuron]]
) -> tuple[Interval, dict[str, Cut]]:
    """The accuracy of the whole model, and the cuts by the names of the sets."""
    plan = read_model(model)
    inputs = match_columns(table, plan, analysis).inputs
    selected = select(plan, analysis)
    found = candidates(network, selected, ())
    before = model_outputs(model, selected.run, inputs, None, _nothing)
    truth = truth_of(table, analysis.target, selected.run.layers, before)
    runs: list[dict[int, Any]] = []
    numbers: dict[str, tuple[int, list[int]]] = {}
    for name, neurons in sets.items():
        if not neurons:
            continue
        runs.append(found.cut_places(neurons))
        own = len(runs) - 1
        beside = _random(found, neurons, analysis.seed)
        numbers[name] = own, list(range(len(runs), len(runs) + len(beside)))
        runs += beside
    keep = [own for own, _ in numbers.values()]
    done = run_masked(model, selected.run, inputs, runs, truth, keep=keep)
    outputs = [before, *(done.outputs[own] for own in keep)]
    scores = bootstrap(truth, outputs, BOOTSTRAP, analysis.seed)
    place = {own: number for number, own in enumerate(keep, 1)}
    cuts = {}
    for name, neurons in sets.items():
        own, beside_numbers = numbers.get(name, (-1, []))
        at = place.get(own, 0)
        change = truth.by_row(outputs[at]) - truth.by_row(before)
        cuts[name] = Cut(
            neurons=tuple(neuron_id(*neuron) for neuron in neurons),
            after=scores.values[at],
            difference=scores.differences[at],
            lost=int((change < 0).sum()),
            gained=int((change > 0).sum()),
            largest_change=float(np.abs(outputs[at] - before).max()),
            random=tuple(float(done.scores[number]) for number in beside_numbers),
        )
    return scores.values[0], cuts


def _random(found: Candidates, neurons: Sequence[Neuron], seed: int) -> list[Any]:
    return list(random_cuts(found, neurons, DRAWS, (seed, len(neurons)))[0])


def _nothing(phase: str, done: int, total: int) -> None:
    pass
