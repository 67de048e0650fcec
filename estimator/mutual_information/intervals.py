"""From estimates and their standard errors to what a reader may conclude."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z_95 = 1.959963984540054
# Estimates are made in float32: what is this little below 0 is 0.
ROUNDING = 1e-6
# An estimate above this share of its ceiling says little more than "as much as these rows can show".
NEAR_CEILING = 0.9


def interval(mi: Floats, se: Floats) -> tuple[Floats, Floats]:
    """The 95 % interval mi -+ 1.96 se of normal theory, its part below 0 cut off since MI is never negative.

    The upper end isn't cut at the ceiling, which limits the estimate and not the truth.
    """
    return np.maximum(0.0, mi - Z_95 * se), np.maximum(0.0, mi + Z_95 * se)


def bounded(mi: Floats, ceiling: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(estimates at most their ceilings, which of them are saturated: above .9 of the ceiling).

    What is below 0 by rounding is 0; what is more below is kept, for an unbiased estimate of 0 is negative
    half of the time.
    """
    rounded = np.where((mi < 0) & (mi > -ROUNDING), 0.0, mi)
    return np.minimum(rounded, ceiling), (rounded >= NEAR_CEILING * ceiling) & (ceiling > 0)
