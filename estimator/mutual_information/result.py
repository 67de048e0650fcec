"""What an estimator returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class BlockEstimate:
    """What a method says of one block of pairs, arrays (p, q), in nats.

    lower_bound: the method could not resolve the pair fully; read "at least".
    """

    mi: Floats
    se: Floats
    lower_bound: Bools


@dataclass(frozen=True)
class MutualInformation:
    """I(x_i; y_j) of every pair, arrays (p, q), in nats; see `estimator.network.Edges` for the fields."""

    mi: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    p_value: Floats
    q_value: Floats
    ceiling: Floats
    saturated: Bools
    lower_bound: Bools
    method: NDArray[np.str_]
    metadata: Mapping[str, Any] = field(default_factory=dict)
