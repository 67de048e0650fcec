"""Every pair of columns measured: what is common to the methods.

1. Check the input. 2. Take out constant columns: they carry no information. 3. Estimate the other pairs in
blocks sized by the free memory. 4. Hold the estimates under their ceilings. 5. p-values by permutation, one
test for all methods, and q-values over the pairs tested. 6. Intervals, and the record of how it was done.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimator.errors import InvalidParameter, Place
from estimator.mutual_information.entropy import ceilings, entropies
from estimator.mutual_information.estimation import estimate, part_of
from estimator.mutual_information.false_discovery import benjamini_hochberg
from estimator.mutual_information.inputs import checked, resolve_device
from estimator.mutual_information.intervals import bounded, interval
from estimator.mutual_information.methods import method as find_method
from estimator.mutual_information.result import MutualInformation
from estimator.mutual_information.significance import permutation_p_values
from estimator.options import Device, Estimator, Options
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]

_RECORDED = ("neural-information-flow", "numpy", "scipy", "torch")


def mutual_information(
    X: ArrayLike,
    Y: ArrayLike,
    method: Estimator = "convex",
    *,
    seed: int = 0,
    alpha: float = 0.05,
    permutations: int = 200,
    device: Device = "auto",
    parameters: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> MutualInformation:
    """I(x_i; y_j) of every column of X (n, p) with every column of Y (n, q): arrays (p, q), in nats.

    method, seed, permutations, device, parameters: as in `estimator.options.Options`; docs/estimators.md
    says which method to choose. alpha: `metadata["significant"]` counts the pairs with q <= alpha, q being
    taken over the pairs of this call. A pair with a constant column has mi 0, se 0, p 1, q 1. ci_low and
    ci_high: 95 %, never below 0. saturated: mi above .9 of the ceiling. mi itself may be below 0 by about
    its se where there is no information.

    progress is called with the phase "estimating" after each block; what it raises passes through. Raises
    InvalidParameter (a wrong option, or a value in X or Y that is not finite, with row and column),
    TooFewRows (under 30), MemoryLimit (a single pair does not fit).
    """
    options = _options(method, seed, alpha, permutations, device, parameters)
    return _measure(checked(X, "X"), checked(Y, "Y"), options, progress or silent)


def mutual_information_within(
    X: ArrayLike,
    method: Estimator = "convex",
    *,
    seed: int = 0,
    alpha: float = 0.05,
    permutations: int = 200,
    device: Device = "auto",
    parameters: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> MutualInformation:
    """I(x_i; x_j) of every two columns of X (n, p): symmetric arrays (p, p), each pair measured once.

    A column with itself is not measured, for that would be its entropy (see `ceiling`): the diagonal has
    mi 0, se 0, p 1, q 1. All else as in `mutual_information`.
    """
    options = _options(method, seed, alpha, permutations, device, parameters)
    return _measure(checked(X, "X"), None, options, progress or silent)


def _options(
    method: Estimator,
    seed: int,
    alpha: float,
    permutations: int,
    device: Device,
    parameters: Mapping[str, Any] | None,
) -> Options:
    return Options(
        estimator=method,
        seed=seed,
        alpha=alpha,
        permutations=permutations,
        device=resolve_device(device),
        parameters=parameters or {},
    )


def _measure(X: Floats, Y: Floats | None, options: Options, progress: Progress) -> MutualInformation:
    """Steps 2 to 6; of the pairs within X where Y is None."""
    n, within = X.shape[0], Y is None
    other = X if Y is None else Y
    if other.shape[0] != n:
        detail = f"X has {n} rows and Y {other.shape[0]}; a row of both must be one observation"
        raise InvalidParameter(detail, errors=[Place(detail, field="Y")])
    chosen = find_method(options.estimator, options.parameters)
    alive = np.flatnonzero(X.min(axis=0) < X.max(axis=0))
    other_alive = alive if within else np.flatnonzero(other.min(axis=0) < other.max(axis=0))
    measured = np.zeros((X.shape[1], other.shape[1]), dtype=bool)
    measured[np.ix_(alive, other_alive)] = True
    if within:
        np.fill_diagonal(measured, False)

    mi, se = np.zeros(measured.shape), np.zeros(measured.shape)
    lower_bound, p_value = np.zeros(measured.shape, dtype=bool), np.ones(measured.shape)
    if measured.any():
        x, y = X[:, alive], None if Y is None else Y[:, other_alive]
        place = np.ix_(alive, other_alive)
        total = x.shape[1] * (x.shape[1] - 1) // 2 if y is None else x.shape[1] * y.shape[1]
        found = estimate(
            x,
            y,
            chosen,
            seed=options.seed,
            device=options.device,
            progress=part_of(progress, 0, total, 2 * total),
        )
        mi[place], se[place], lower_bound[place] = found.mi, found.se, found.lower_bound
        p_value[place] = permutation_p_values(
            x,
            x if y is None else y,
            seed=options.seed,
            permutations=options.permutations,
            device=options.device,
            progress=part_of(progress, total, total, 2 * total),
            within=within,
        )
        p_value[~measured] = 1.0
    ceiling = ceilings(entropies(X), entropies(other), n)
    mi, saturated = bounded(mi, ceiling)
    low, high = interval(mi, se)
    q_value = np.ones(measured.shape)
    tested = np.triu(measured) if within else measured  # each pair once
    q_value[tested] = benjamini_hochberg(p_value[tested])
    if within:
        q_value = np.minimum(q_value, q_value.T)
    return MutualInformation(
        mi=mi, se=se, ci_low=low, ci_high=high, p_value=p_value, q_value=q_value, ceiling=ceiling,
        saturated=saturated & measured, lower_bound=lower_bound & measured,
        method=np.full(measured.shape, chosen.name),
        metadata={
            "method": chosen.name, "parameters": dict(chosen.parameters()), "rows": n,
            "seed": options.seed, "device": options.device, "permutations": options.permutations,
            "alpha": options.alpha, "significant": int((q_value[tested] <= options.alpha).sum()),
            "versions": {name: version(name) for name in _RECORDED},
        },
    )  # fmt: skip
