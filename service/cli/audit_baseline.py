"""The baseline of `nif audit`: read before the work, and compared with the network once that is there."""

from collections.abc import Mapping
from typing import Any

from estimator.data.read import read_table
from estimator.diff import NetworkDiff, Side
from estimator.errors import InvalidParameter, Place
from estimator.network import FlowNetwork
from estimator.progress import Progress
from service.cli.analysis_options import Asked
from service.cli.model_input import model_file
from service.cli.network_input import read_network
from service.policies.baseline import compared


def baseline_side(values: Mapping[str, Any], ask: Asked | None) -> Side | None:
    """--baseline with its model, if that is given; None without one.

    Raises InvalidParameter, and NotFound for an id that is not in the store.
    """
    if values["baseline_model"] is not None:
        if values["baseline"] is None:
            raise _refuse("--baseline-model is of a baseline; give --baseline NETWORK, too")
        if ask is None:
            raise _refuse("--baseline-model matches neurons by what they do: give MODEL and DATA, too")
    if values["baseline"] is None:
        return None
    network = read_network(values["baseline"], values["store"], None)
    if values["baseline_model"] is None:
        return Side(network)
    return Side(network, model_file(values["baseline_model"], "--baseline-model").read_bytes())


def compared_here(
    baseline: Side | None, network: FlowNetwork, ask: Asked | None, progress: Progress
) -> NetworkDiff | None:
    """What changed. MODEL and DATA are read where the baseline's model was given."""
    if baseline is None:
        return None
    if baseline.model is None or ask is None:
        return compared(baseline, Side(network), progress)
    table = read_table(ask.data, ask.table_format)
    return compared(baseline, Side(network, ask.model.read_bytes(), table, ask.options), progress)


def _refuse(detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field="--baseline-model")])
