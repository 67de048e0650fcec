"""The network beside its baseline: one diff, with neurons matched as `nif diff` matches them."""

from dataclasses import replace

from estimator.diff import DiffOptions, NetworkDiff, Side, diff
from estimator.errors import InvalidParameter
from estimator.progress import Progress, silent


def compared(baseline: Side, network: Side, progress: Progress = silent) -> NetworkDiff:
    """From the baseline to the network, at the network's alpha.

    With both models and a table, hidden neurons of another model are matched by their activations, else by
    name. Raises InvalidParameter, field `baseline`, for another architecture, neurons that cannot be matched
    or a model that is not the network's, and what running a model raises.
    """
    try:
        return diff(baseline, network, DiffOptions(alpha=network.network.alpha), progress)
    except InvalidParameter as error:
        places = [replace(place, field="baseline") for place in error.errors]
        raise InvalidParameter(f"baseline: {error.detail}", errors=places) from error
