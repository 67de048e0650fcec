"""Ablation: what a model loses without chosen neurons.

The paper's check of its claims (arXiv 1901.08557): neurons that NIF says carry nothing can be cut and the
accuracy stays. Choose it: to see which neurons the task needs. Not for: a smaller model; that is
`estimator.pruning`.

1. Which neurons, in which order (`choosing.py`), of the layers and neurons that the network measured.
2. The model as it is: its outputs, and what they are compared with (`estimator.scoring`).
3. Cut them: each neuron's activation is multiplied by 0 after the layer's activation function, which for
   every kind of layer is the same as zeroing all weights that lead out of it. As many random neurons of the
   same layers beside it (`control.py`). All runs in one child (`masked_runs.py`).
4. Intervals of the metric and of its difference, by the bootstrap over rows, paired.
"""

from collections.abc import Sequence

import numpy as np

from estimator.ablation.candidates import Candidates
from estimator.ablation.choosing import Series, choose
from estimator.ablation.control import control, random_cuts
from estimator.ablation.masked_runs import Cut, model_outputs, run_masked
from estimator.ablation.options import AblationOptions
from estimator.ablation.reading import read_cut_inputs
from estimator.ablation.result import Ablation, Point
from estimator.data.table import Table
from estimator.network import FlowNetwork
from estimator.options import Options
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits
from estimator.scoring.bootstrap import Scores, bootstrap
from estimator.scoring.labels import truth_of
from estimator.scoring.metrics import HIGHER_IS_BETTER, Floats
from estimator.scoring.truth import Truth

ORDERS = ("chosen", "least", "most")


def ablate(
    model: bytes,
    table: Table,
    network: FlowNetwork,
    analysis: Options,
    options: AblationOptions,
    progress: Progress = silent,
    *,
    limits: RunLimits | None = None,
) -> Ablation:
    """Cut neurons and measure. network: of this model and table with the options `analysis`.

    Raises InvalidParameter: another model or table than the network's, no labels or some that don't fit the
    metric, unknown neurons, k beyond what can be cut, a layer cut to nothing; LimitExceeded; and what
    `activations` raises.
    """
    progress("reading", 0, 1)
    given = read_cut_inputs(model, table, network, analysis, target=options.target, layers=options.layers)
    analysis, found = given.analysis, given.candidates
    chosen = choose(found, options)
    progress("reading", 1, 1)
    run = found.selected.run
    before = model_outputs(model, run, given.inputs, limits, progress)
    truth = truth_of(table, analysis.target, run.layers, before, options.metric, options.classes)

    runs = _Runs(found, options)
    for series in chosen:
        for k in series.counts:
            runs.add(series, k)
    fills = None
    if options.replace == "mean":
        fills = {i: _means(found, i) for i in found.layers}
    done = run_masked(
        model, run, given.inputs, runs.cuts, truth,
        keep=runs.chosen, fills=fills, limits=limits, progress=progress,
    )  # fmt: skip
    kept = [done.outputs[number] for number in runs.chosen]
    scores = bootstrap(
        truth, [before, *kept], options.bootstrap, options.seed, lambda n, m: progress("bootstrap", n, m)
    )
    measured = _points(chosen, runs, done.scores, [before, *kept], scores, truth)
    return Ablation(options, found, truth, table.rows, scores.values[0], chosen, measured, network.provenance)


class _Runs:
    """The sets to cut, each once; for each point the numbers of its own and of its random ones."""

    def __init__(self, found: Candidates, options: AblationOptions) -> None:
        self._found, self._options = found, options
        self._number: dict[tuple[tuple[int, bytes], ...], int] = {}
        self.cuts: list[Cut] = []
        self.chosen: list[int] = []
        self.random: list[list[int]] = []
        self.exhaustive: list[bool] = []

    def add(self, series: Series, k: int) -> None:
        cut = series.neurons[:k]
        seed = (self._options.seed, ORDERS.index(series.order), k)
        random, exhaustive = random_cuts(self._found, cut, self._options.draws, seed)
        self.chosen.append(self._run(self._found.cut_places(cut)))
        self.random.append([self._run(one) for one in random])
        self.exhaustive.append(exhaustive)

    def _run(self, cut: Cut) -> int:
        key = tuple((layer, places.tobytes()) for layer, places in cut.items())
        if key not in self._number:
            self._number[key] = len(self.cuts)
            self.cuts.append(cut)
        return self._number[key]


def _means(found: Candidates, layer: int) -> Floats:
    """(size,) of the model's layer; those that were not measured are never cut."""
    values = np.zeros(found.whole_size(layer))
    facts = found.network.facts[layer]
    values[[found.place((layer, i)) for i in range(len(facts.mean))]] = facts.mean
    return values


def _points(
    chosen: Sequence[Series],
    runs: _Runs,
    run_scores: Floats,
    outputs: Sequence[Floats],
    scores: Scores,
    truth: Truth,
) -> tuple[tuple[Point, ...], ...]:
    found, number = [], 0
    right = truth.by_row(outputs[0])
    for series in chosen:
        points = []
        for k in series.counts:
            after = outputs[number + 1]
            change = truth.by_row(after) - right
            classes = truth.metric == "accuracy"
            beside = control(
                run_scores[runs.random[number]],
                truth.score(after),
                exhaustive=runs.exhaustive[number],
                high_is_extreme=HIGHER_IS_BETTER[truth.metric] == (series.order != "most"),
            )
            points.append(
                Point(
                    k=k,
                    after=scores.values[number + 1],
                    difference=scores.differences[number + 1],
                    lost=int((change < 0).sum()) if classes else None,
                    gained=int((change > 0).sum()) if classes else None,
                    largest_change=float(np.abs(after - outputs[0]).max()),
                    control=beside,
                )
            )
            number += 1
        found.append(tuple(points))
    return tuple(found)
