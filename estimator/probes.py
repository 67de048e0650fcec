"""Probes: how much every neuron says of a column of the data that the model was not given.

Where the target is categorical, the other probes are measured once more with the target known
(estimator/conditional_probes.py), so that what is due to base rates can be told from what is not.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from estimator.conditional_probes import given_target
from estimator.data.probe_columns import ProbeColumn
from estimator.network import GivenTarget, Probe, ProbeLayer
from estimator.nif import PhaseProgress, measure, q_over_all
from estimator.options import MINIMUM_ROWS, Options
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]


def measure_probes(
    columns: Sequence[ProbeColumn],
    activations: Sequence[Floats],
    options: Options,
    progress: Progress = silent,
) -> tuple[Probe, ...]:
    """MI of each probe with every neuron of every layer; q-values over all of them together.

    columns: the target first, if `options.target` names one.
    """
    if not columns:
        return ()
    P = np.column_stack([column.values for column in columns])
    neurons = sum(X.shape[1] for X in activations)
    conditional = options.target is not None and columns[0].kind == "categorical" and len(columns) > 1
    strata = sum(rows >= MINIMUM_ROWS for _, rows in columns[0].levels) if conditional else 0
    told = PhaseProgress(progress, "probes", (len(columns) + strata * (len(columns) - 1)) * neurons)
    found = [measure(P, X, options, told.part(len(columns) * X.shape[1])) for X in activations]
    varies = [X.min(axis=0) < X.max(axis=0) for X in activations]
    q_values = q_over_all(
        [(mi.p_value, np.broadcast_to(v, mi.p_value.shape)) for mi, v in zip(found, varies, strict=True)]
    )
    given: list[GivenTarget | None] = [None] * len(columns)
    if conditional:
        given[1:] = given_target(columns[0], columns[1:], activations, options, told)
    return tuple(
        Probe(
            name=column.name,
            kind=column.kind,
            levels=column.levels,
            values=tuple(
                ProbeLayer(
                    layer=layer,
                    mi=mi.mi[k],
                    se=mi.se[k],
                    ci_low=mi.ci_low[k],
                    ci_high=mi.ci_high[k],
                    p_value=mi.p_value[k],
                    q_value=q[k],
                    saturated=mi.saturated[k],
                    lower_bound=mi.lower_bound[k],
                )
                for layer, (mi, q) in enumerate(zip(found, q_values, strict=True))
            ),
            given_target=given[k],
        )
        for k, column in enumerate(columns)
    )
