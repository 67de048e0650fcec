"""An analysis from end to end: a model and a table in, a flow network out.

1. Read the model (its layers and how they are connected), find its inputs among the table's columns, and
   take the layers and neurons that are asked for.
2. Activations of every layer on every row, and what each neuron did.
3. Information of every pair of neurons of connected layers (estimator/nif.py, steps 1 and 2).
4. Redundancy of the source neurons (step 3).
5. Information of the probes about every neuron.
6. The network, with the record of how it was made; no times in it, so that equal runs are equal.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.activations import activations
from estimator.cross_check import cross_check
from estimator.data.columns import MatchedColumns, match_columns
from estimator.data.table import Table
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from estimator.model.selection import Selection, select
from estimator.network import FlowNetwork, Layer, NeuronFacts
from estimator.neurons import neuron_facts
from estimator.nif import flow_edges, redundancies
from estimator.options import Options
from estimator.probes import measure_probes
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits

RECORDED_PACKAGES = ("neural-information-flow", "numpy", "onnx", "onnxruntime", "scipy", "torch")


def analyze(
    model: bytes,
    table: Table,
    options: Options | None = None,
    progress: Progress = silent,
    *,
    limits: RunLimits | None = None,
) -> FlowNetwork:
    """The flow network of an ONNX model on a table.

    limits: of the child process that runs the model. Raises InvalidModel, UnsupportedModel,
    ColumnsMismatch, InvalidDataset, InvalidParameter, LimitExceeded, and what `activations` raises.
    """
    options = options or Options()
    progress("reading", 0, 1)
    plan = read_model(model)
    matched = match_columns(table, plan, options)
    selected = select(plan, options)
    progress("reading", 1, 1)

    computed = activations(model, selected.run, matched.inputs, limits=limits, progress=progress)
    plan, values = selected.measured, selected.of(computed)
    facts = tuple(
        neuron_facts(X, tick=lambda: progress("activations", table.rows, table.rows)) for X in values
    )

    measured = flow_edges(values, plan.links, options, progress)
    checked = cross_check(values, measured.edges, options, progress)
    redundancy = redundancies(values, plan.links, options, progress)
    probes = measure_probes(matched.probes, values, options, progress)

    warnings = [*matched.warnings, *selected.said, *_said_of_neurons(plan, facts)]
    provenance = _provenance(plan, table, matched, options, measured.metadata, warnings)
    if options.layers:
        provenance["layers"] = list(options.layers)
    if options.sample_neurons is not None:
        provenance["sample_neurons"] = options.sample_neurons
    if options.inputs:
        provenance["inputs"] = {name: list(columns) for name, columns in options.inputs.items()}
    return FlowNetwork(
        layers=_layers(selected, matched),
        edges=checked.edges,
        facts=facts,
        redundancy=redundancy,
        beta=options.beta,
        alpha=options.alpha,
        probes=probes,
        provenance=provenance | ({} if checked.report is None else {"cross_check": checked.report}),
    )


def _layers(selected: Selection, matched: MatchedColumns) -> tuple[Layer, ...]:
    """The plan's layers; where the model does not name its inputs, they are named as the data's columns."""
    return tuple(
        Layer(
            index=layer.index,
            name=layer.name,
            kind=layer.kind,
            level=layer.level,
            neurons=_features(matched, chosen)
            if layer.kind == "input" and selected.run.features is None
            else layer.neurons,
            operators=layer.operators,
            meaning=layer.meaning,
        )
        for layer, chosen in zip(selected.measured.layers, selected.neurons, strict=True)
    )


def _features(matched: MatchedColumns, chosen: NDArray[np.int64] | None) -> tuple[str, ...]:
    return matched.features if chosen is None else tuple(matched.features[i] for i in chosen)


def _said_of_neurons(plan: ModelPlan, facts: Sequence[NeuronFacts]) -> list[str]:
    said = [
        f"All {layer.size} neurons of layer {layer.name!r} are constant on these rows: nothing flows through."
        for layer, fact in zip(plan.layers, facts, strict=True)
        if fact.constant.all()
    ]
    if any("DynamicQuantizeLinear" in layer.operators for layer in plan.layers):
        said.append("The model quantises by the values that it is given: it was run one row at a time.")
    return said


def _provenance(
    plan: ModelPlan,
    table: Table,
    matched: MatchedColumns,
    options: Options,
    metadata: Mapping[str, Any],
    warnings: Sequence[str],
) -> dict[str, Any]:
    return {
        "estimator": options.estimator,
        "parameters": _plain(metadata.get("parameters", dict(options.parameters))),
        "redundancy": options.redundancy,
        "seed": options.seed,
        "permutations": options.permutations,
        "device": metadata.get("device", options.device),
        "model_sha256": plan.sha256,
        "data_sha256": table.sha256,
        "rows": table.rows,
        "distinct_rows": table.distinct_rows,
        "target": options.target,
        "probes": [probe.name for probe in matched.probes],
        "columns_by": matched.columns_by,
        "features": list(matched.features),
        "opset": plan.opset,
        "ir_version": plan.ir_version,
        "versions": _versions(),
        "warnings": list(warnings),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in RECORDED_PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _plain(value: Any) -> Any:
    """As JSON has it: numpy scalars and tuples become Python's numbers and lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(entry) for entry in value]
    return value.item() if isinstance(value, np.generic) else value
