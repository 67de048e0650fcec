"""What is explained: the model's outputs as functions of its inputs, on the rows of the table.

All methods explain the same outputs (the neurons of the output layers, as the analysis read them) of the
same inputs (the columns that the analysis matched), so that their values stand side by side.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from estimator.ablation.same_analysis import check_same_analysis
from estimator.activations import activations
from estimator.data.columns import match_columns
from estimator.data.table import Table
from estimator.errors import InvalidParameter, Place
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from estimator.network import FlowNetwork
from estimator.options import Options
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """inputs: (n, p), the features. outputs: (n, k), the neurons of all output layers side by side.

    plan: of the whole model. heads: the same with the output layers only.
    """

    model: bytes
    plan: ModelPlan
    heads: ModelPlan
    inputs: Floats
    outputs: Floats
    features: tuple[str, ...]
    output_names: tuple[str, ...]
    limits: RunLimits | None

    def run(self, inputs: Floats, progress: Progress = silent) -> Floats:
        """The outputs (n, k) on other inputs (n, p), by onnxruntime in its child process."""
        return np.column_stack(
            activations(self.model, self.heads, inputs, limits=self.limits, progress=progress)
        )


def read_subject(
    model: bytes,
    table: Table,
    network: FlowNetwork,
    analysis: Options,
    *,
    limits: RunLimits | None = None,
    progress: Progress = silent,
) -> Subject:
    """Raises InvalidParameter where the network is not of this model and table, or leaves inputs out."""
    progress("reading", 0, 1)
    plan = read_model(model)
    check_same_analysis(network, model, table)
    matched = match_columns(table, plan, analysis)
    progress("reading", 1, 1)
    heads = replace(plan, layers=tuple(layer for layer in plan.layers if layer.kind == "output"), links=())
    names = _output_names(heads)
    _check_whole(network, matched.features, names)
    outputs = np.column_stack(activations(model, heads, matched.inputs, limits=limits, progress=progress))
    return Subject(model, plan, heads, matched.inputs, outputs, matched.features, names, limits)


def _output_names(heads: ModelPlan) -> tuple[str, ...]:
    """As the layers name them; where two heads share a name, with their layer's before it."""
    bare = [name for layer in heads.layers for name in layer.neurons]
    if len(set(bare)) == len(bare):
        return tuple(bare)
    return tuple(f"{layer.name}: {name}" for layer in heads.layers for name in layer.neurons)


def _check_whole(network: FlowNetwork, features: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    seen = tuple(n for layer in network.layers if layer.kind == "input" for n in layer.neurons)
    sizes = sum(layer.size for layer in network.layers if layer.kind == "output")
    if seen != features or sizes != len(outputs):
        detail = (
            f"the network has {len(seen)} inputs and {sizes} outputs, the model {len(features)} and "
            f"{len(outputs)}: a comparison needs all of them in the network; analyse without sample_neurons"
        )
        raise InvalidParameter(detail, errors=[Place(detail, field="network")])
