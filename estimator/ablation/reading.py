"""What an ablation and a pruning begin with: that all they are given belongs together, and what may go."""

from dataclasses import dataclass

from estimator.ablation.candidates import Candidates, candidates
from estimator.ablation.same_analysis import check_same_analysis, check_same_layers, with_target
from estimator.data.columns import match_columns
from estimator.data.table import Table
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from estimator.model.selection import select
from estimator.network import FlowNetwork
from estimator.options import Options
from estimator.scoring.metrics import Floats


@dataclass(frozen=True)
class CutInputs:
    """plan: of the whole model. analysis: with the target asked for. inputs: (rows, features)."""

    plan: ModelPlan
    analysis: Options
    inputs: Floats
    candidates: Candidates


def read_cut_inputs(
    model: bytes,
    table: Table,
    network: FlowNetwork,
    analysis: Options,
    *,
    target: str | None,
    layers: tuple[str, ...],
) -> CutInputs:
    """target, layers: of the ablation or pruning; None and () stand for the analysis's own and for all."""
    check_same_analysis(network, model, table)
    analysis = with_target(analysis, target)
    plan = read_model(model)
    inputs = match_columns(table, plan, analysis).inputs
    selected = select(plan, analysis)
    check_same_layers(network, selected)
    return CutInputs(plan, analysis, inputs, candidates(network, selected, layers))
