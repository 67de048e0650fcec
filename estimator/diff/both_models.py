"""The activations of one side's measured neurons on a table, by the isolated child as in an analysis."""

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from estimator.activations import activations
from estimator.data.columns import match_columns
from estimator.data.input_map import mapped_names
from estimator.data.names import find
from estimator.data.table import Table
from estimator.diff.sides import Side
from estimator.errors import InvalidParameter, Place
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from estimator.model.selection import select
from estimator.options import Options
from estimator.progress import Progress
from estimator.runtime.limits import RunLimits

Floats = NDArray[np.float64]


def measured_activations(
    side: Side, model: bytes, name: str, table: Table, progress: Progress, limits: RunLimits | None
) -> tuple[Floats, ...]:
    """One (rows, size) array a layer of the side's network. model: the side's; name: base or head.

    Raises InvalidParameter if the model is not the network's, and what an analysis raises.
    """
    found, said = hashlib.sha256(model).hexdigest(), side.network.provenance.get("model_sha256")
    if found != said:
        detail = f"the model given for {name} has the sha256 {found}; its network was made of {said}"
        raise InvalidParameter(detail, errors=[Place(detail, field=f"{name}_model")])
    options = side.options()
    plan = read_model(model)
    selected = select(plan, options)
    bare = replace(options, target=None, probes=())
    inputs = match_columns(_inputs_only(table, plan, options), plan, bare).inputs
    return selected.of(activations(model, selected.run, inputs, limits=limits, progress=progress))


def _inputs_only(table: Table, plan: ModelPlan, options: Options) -> Table:
    """The table without targets and probes: those of the two analyses need not be the same."""
    if options.inputs:
        given = mapped_names(table, options.inputs)
        kept = [column for column in table.columns if column.name in given]
    elif plan.features is not None and options.columns_by == "name":
        wanted = {find(feature, table.names) for feature in plan.features}
        kept = [column for column in table.columns if column.name in wanted]
    else:
        asked = {options.target, *options.probes}
        kept = [column for column in table.columns if column.name not in asked]
    return replace(table, columns=tuple(kept))
