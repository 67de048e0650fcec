"""Control of the false discovery rate over many edges."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimator.errors import InvalidParameter, Place


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """q-values of p-values of any shape, in that shape: the least level at which each is a discovery.

    q_(i) = min over j >= i of p_(j) m / j, capped at 1 (Benjamini and Hochberg 1995, JRSS B 57, 289-300);
    holds under the positive dependence of neighbouring edges (Benjamini and Yekutieli 2001). Equal p get
    equal q, no p at all gives no q. Raises InvalidParameter for a p that is NaN or outside of [0, 1].
    """
    values = np.asarray(p, dtype=np.float64)
    flat = values.ravel()
    wrong = ~((flat >= 0) & (flat <= 1))
    if wrong.any():
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), values.shape))
        detail = (
            f"p{list(at)} is {flat[np.argmax(wrong)]}; a p-value lies between 0 and 1 "
            f"({int(wrong.sum())} of {flat.size} do not)"
        )
        raise InvalidParameter(detail, errors=[Place(detail, field="p")])
    order = np.argsort(flat, kind="stable")
    stepped = flat[order] * (flat.size / np.arange(1, flat.size + 1))
    q = np.empty_like(flat)
    q[order] = np.minimum.accumulate(stepped[::-1])[::-1]
    return np.minimum(q, 1.0).reshape(values.shape)
