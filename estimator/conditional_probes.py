"""What a probe P says of each neuron N when a categorical target T is known: I(P; N | T), in nats.

1. The rows of each level t of the target are a stratum of n_t rows. One below MINIMUM_ROWS is not measured,
   and the result names it; the others have n rows in all, w_t = n_t / n.
2. I(P; N | T) = sum_t w_t I(P; N | T = t), each term measured as any other pair, on the stratum's rows alone
   (Cover and Thomas 2006, eq. 2.61). A term is 0 where P or N has one value in the stratum.
3. se^2 = sum_t w_t^2 se_t^2 + sum_t w_t (I_t - I)^2 / n: the errors of the terms, and that of the shares w_t,
   which are counts of a sample, too.
4. p: P and N are independent given T. The strata's p-values are of permutations within each stratum and
   independent of each other, so -2 sum_t ln p_t is at most a chi-square of twice as many degrees of freedom
   as there are strata in which the pair was tested (Fisher 1932, Statistical Methods, section 21.1). q over
   all pairs of all probes given the target, a family of its own.
5. saturated, lower_bound: where they are so in a stratum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from estimator.data.probe_columns import ProbeColumn
from estimator.mutual_information.intervals import interval
from estimator.mutual_information.result import MutualInformation
from estimator.network import GivenTarget, ProbeLayer, Stratum
from estimator.nif import PhaseProgress, measure, q_over_all
from estimator.options import MINIMUM_ROWS, Options

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
LEAST_P = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class _Combined:
    """Of one layer: arrays (probes, neurons). tested: pairs that varied in at least one stratum."""

    mi: Floats
    se: Floats
    p_value: Floats
    tested: Bools
    saturated: Bools
    lower_bound: Bools


def given_target(
    target: ProbeColumn,
    columns: Sequence[ProbeColumn],
    activations: Sequence[Floats],
    options: Options,
    progress: PhaseProgress,
) -> tuple[GivenTarget, ...]:
    """One entry a column, none of them the target, which is categorical; activations (n, size) a layer."""
    rows = [np.flatnonzero(target.values == code) for code in range(len(target.levels))]
    strata = tuple(
        Stratum(level, len(chosen), measured=len(chosen) >= MINIMUM_ROWS)
        for (level, _), chosen in zip(target.levels, rows, strict=True)
    )
    measured = [chosen for chosen, stratum in zip(rows, strata, strict=True) if stratum.measured]
    if not measured:
        return tuple(GivenTarget(target.name, strata, ()) for _ in columns)
    P = np.column_stack([column.values for column in columns])
    found = [_layer(P, X, measured, options, progress) for X in activations]
    q_values = q_over_all([(layer.p_value, layer.tested) for layer in found])
    ends = [interval(layer.mi, layer.se) for layer in found]
    return tuple(
        GivenTarget(
            target.name,
            strata,
            tuple(
                ProbeLayer(
                    layer=index,
                    mi=layer.mi[k],
                    se=layer.se[k],
                    ci_low=low[k],
                    ci_high=high[k],
                    p_value=layer.p_value[k],
                    q_value=q[k],
                    saturated=layer.saturated[k],
                    lower_bound=layer.lower_bound[k],
                )
                for index, (layer, q, (low, high)) in enumerate(zip(found, q_values, ends, strict=True))
            ),
        )
        for k in range(len(columns))
    )


def _layer(
    P: Floats, X: Floats, strata: Sequence[NDArray[np.intp]], options: Options, progress: PhaseProgress
) -> _Combined:
    terms, tested = [], []
    for rows in strata:
        p, x = P[rows], X[rows]
        terms.append(measure(p, x, options, progress.part(P.shape[1] * X.shape[1])))
        tested.append((p.min(0) < p.max(0))[:, None] & (x.min(0) < x.max(0))[None, :])
    return combined(terms, np.array(tested), np.array([len(rows) for rows in strata]))


def combined(terms: Sequence[MutualInformation], tested: Bools, rows: NDArray[np.int64]) -> _Combined:
    """Steps 2 to 5. terms: of each stratum, arrays (p, q). tested: (strata, p, q). rows: (strata,)."""
    mi, se, p = (np.array([getattr(term, name) for term in terms]) for name in ("mi", "se", "p_value"))
    n = int(rows.sum())
    weights = (rows / n)[:, None, None]
    mean = (weights * mi).sum(axis=0)
    variance = (weights**2 * se**2).sum(axis=0) + (weights * (mi - mean) ** 2).sum(axis=0) / n
    evidence = -np.where(tested, np.log(np.maximum(p, LEAST_P)), 0.0).sum(axis=0)
    counted = tested.sum(axis=0)
    # the upper tail of a chi-square of 2k degrees of freedom at 2x is Q(k, x)
    tail = gammaincc(np.maximum(counted, 1), evidence)
    return _Combined(
        mi=mean,
        se=np.sqrt(variance),
        p_value=np.where(counted > 0, np.clip(tail, LEAST_P, 1.0), 1.0),
        tested=counted > 0,
        saturated=np.any([term.saturated for term in terms], axis=0),
        lower_bound=np.any([term.lower_bound for term in terms], axis=0),
    )
