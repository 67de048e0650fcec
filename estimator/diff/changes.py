"""Whether two estimates differ by more than their errors.

1. z = (head - base) / sqrt(se_base^2 + se_head^2), p = 2 Phi(-|z|). Both estimates are asymptotically normal;
   where they are of the same rows, their errors go together and the test is conservative.
2. q-values of all tests of a diff together (Benjamini-Hochberg): one family.
3. A change is reported where q <= alpha and |head - base| >= least.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.mutual_information.false_discovery import benjamini_hochberg
from estimator.mutual_information.intervals import ROUNDING

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Tested:
    """Differences head - base, in nats, of estimates of one kind; arrays of one shape.

    se: of the difference. tested: False where both are 0 by necessity or one is not known; q is 1 there.
    """

    change: Floats
    se: Floats
    p_value: Floats
    q_value: Floats
    tested: Bools

    def found(self, alpha: float, least: float) -> Bools:
        """Step 3."""
        large = (np.abs(self.change) >= least) & (self.change != 0)
        reported: Bools = self.tested & (self.q_value <= alpha) & large
        return reported


def tests_of_all(
    pairs: Sequence[tuple[Floats, Floats, Floats, Floats]],
) -> tuple[Tested, ...]:
    """Steps 1 and 2. pairs: (base, se of base, head, se of head), arrays of one shape each."""
    made = [_test(*pair) for pair in pairs]
    q = benjamini_hochberg(np.concatenate([p[known] for _, _, p, known in made] or [np.empty(0)]))
    results, start = [], 0
    for change, se, p, known in made:
        q_value = np.ones(p.shape)
        stop = start + int(known.sum())
        q_value[known] = q[start:stop]
        start = stop
        results.append(Tested(change, se, p, q_value, known))
    return tuple(results)


def _test(
    base: Floats, base_se: Floats, head: Floats, head_se: Floats
) -> tuple[Floats, Floats, Floats, Bools]:
    from scipy.special import ndtr  # as in assignment.py, where it computes

    change, se = head - base, np.hypot(base_se, head_se)
    known = np.isfinite(change) & np.isfinite(se) & ~((change == 0) & (se == 0))
    # Two estimates without error, as of a neuron that copies a balanced binary one, differ by rounding only.
    z = np.divide(change, np.maximum(se, ROUNDING), out=np.zeros(change.shape), where=known)
    p = np.where(known, 2 * ndtr(-np.abs(z)), 1.0)
    return change, se, p, known
