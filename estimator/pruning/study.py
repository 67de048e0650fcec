"""Pruning: the cut of `estimator.ablation` made in the graph, so that the file is smaller and runs faster.

Choose it: to ship a model without what carries nothing. Not for: finding out what can be cut; ablate first.

1. Which neurons, as for an ablation. Constant neurons are cut at their constant, which moves into the next
   bias: the outputs stay. Others are cut at 0, as an ablation does.
2. In a child: what goes with each neuron, the smaller graph, its verification on all rows
   (`pruning_child.py`). A model that is not what it must be is never given.
3. Here: the smaller file is read as any upload is; its layers must have lost what the child says (`made.py`).
4. Where the data has labels: the metric before and after.
"""

import hashlib
from collections.abc import Sequence

from estimator.ablation.candidates import Candidates, Neuron
from estimator.ablation.choosing import choose
from estimator.ablation.masked_runs import model_outputs
from estimator.ablation.reading import read_cut_inputs
from estimator.data.table import Table
from estimator.errors import InvalidParameter
from estimator.model.plan import ModelPlan
from estimator.network import FlowNetwork
from estimator.options import Options
from estimator.progress import Progress, silent
from estimator.pruning.made import Made, made_in_child
from estimator.pruning.options import PruningOptions
from estimator.pruning.result import Measured, Pruned, PrunedNeuron
from estimator.runtime.limits import RunLimits
from estimator.scoring.bootstrap import bootstrap
from estimator.scoring.labels import truth_of
from estimator.scoring.metrics import Floats


def prune(
    model: bytes,
    table: Table,
    network: FlowNetwork,
    analysis: Options,
    options: PruningOptions,
    progress: Progress = silent,
    *,
    limits: RunLimits | None = None,
) -> Pruned:
    """A smaller model. network: of this model and table with the options `analysis`.

    Raises what `ablate` does, but needs no labels; UnsupportedModel for a quantised model, a layer of heads,
    and a smaller model that would not be what it must be.
    """
    progress("reading", 0, 1)
    given = read_cut_inputs(model, table, network, analysis, target=options.target, layers=options.layers)
    plan, analysis, found = given.plan, given.analysis, given.candidates
    chosen = choose(found, options.as_ablation())[0].neurons
    progress("reading", 1, 1)
    made = made_in_child(model, plan, given.inputs, _cut(found, chosen), limits, progress)
    measured = _measured(
        model, made.model, (plan, made.plan), table, given.inputs, analysis, options, limits, progress
    )
    return Pruned(
        model=made.model,
        sha256=hashlib.sha256(made.model).hexdigest(),
        options=options,
        candidates=found,
        rows=table.rows,
        neurons=_fates(found, chosen, made),
        bytes=(len(model), len(made.model)),
        parameters=made.parameters,
        nodes=made.nodes,
        checked=made.checked,
        to_original=made.original,
        to_fixed=made.fixed,
        latency=made.latency,
        measured=measured,
        provenance=network.provenance,
    )


def _measured(
    model: bytes,
    made: bytes,
    plans: tuple[ModelPlan, ModelPlan],
    table: Table,
    inputs: Floats,
    analysis: Options,
    options: PruningOptions,
    limits: RunLimits | None,
    progress: Progress,
) -> Measured | str:
    """The metric before and after, or why there is none: what is pruned does not hang on it.

    Raises InvalidParameter where a metric or classes were asked for and do not fit.
    """
    if analysis.target is None:
        return "no target is given"
    pair = [
        model_outputs(m, plan, inputs, limits, progress) for m, plan in zip((model, made), plans, strict=True)
    ]
    try:
        truth = truth_of(table, analysis.target, plans[0].layers, pair[0], options.metric, options.classes)
    except InvalidParameter as error:
        if options.metric != "auto" or options.classes:
            raise
        return error.detail
    scores = bootstrap(truth, pair, seed=analysis.seed)
    before, after = scores.values
    return Measured(truth.column, truth.metric, before, after, scores.differences[1])


def _cut(found: Candidates, chosen: Sequence[Neuron]) -> dict[str, dict[str, list[int]]]:
    """{tensor of a layer: positions of its constant and its other neurons to cut}."""
    cut: dict[str, dict[str, list[int]]] = {}
    for neuron in chosen:
        tensor = found.selected.run.layers[neuron[0]].tensor
        kind = "constant" if found.silent(neuron) == "constant" else "zero"
        cut.setdefault(tensor, {"constant": [], "zero": []})[kind].append(found.place(neuron))
    return cut


def _fates(found: Candidates, chosen: Sequence[Neuron], made: Made) -> tuple[PrunedNeuron, ...]:
    at = {(found.selected.run.layers[neuron[0]].tensor, found.place(neuron)): neuron for neuron in chosen}
    fates = [PrunedNeuron(at[tensor, i], "removed", value=value) for tensor, i, value in made.gone]
    fates += [PrunedNeuron(at[tensor, i], "held at 0", reason=why) for tensor, i, why in made.held]
    fates += [PrunedNeuron(at[tensor, i], "kept", reason=why) for tensor, i, why in made.kept]
    return tuple(sorted(fates, key=lambda pruned: pruned.neuron))
