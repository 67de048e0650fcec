"""Random permutations of the rows, the same for all pairs: how often they give a statistic as large.

T = sum_kl v_k v_l S_kl^2, as in `significance`.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from estimator.mutual_information.columns import Columns

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

# Statistics this close are one value, in float32.
TIES = 1e-5
# Features at hand at once.
MOST_BYTES = 2**26


def exceedances(
    x: Columns,
    x_weights: Floats,
    rows: Indices,
    y: Columns,
    y_weights: Floats,
    columns: Indices,
    observed: Floats,
    seed: int,
    permutations: int,
    device: str,
) -> NDArray[np.int64]:
    """How many of `permutations` draws give each pair at least its `observed` T: (len(rows), len(columns)).

    x_weights, y_weights: v of every measure, (R, d).
    """
    larger = np.zeros((len(rows), len(columns)), dtype=np.int64)
    side = max(1, MOST_BYTES // (4 * x.n * x.degree))
    for i in range(0, len(rows), side):
        left = _rooted(x, x_weights, rows[i : i + side], device)
        for j in range(0, len(columns), side):
            right = _rooted(y, y_weights, columns[j : j + side], device)
            place = np.s_[i : i + side, j : j + side]
            larger[place] = _count(left, right, observed[place] * (1 - TIES), seed, permutations)
    return larger


def _rooted(found: Columns, weights: Floats, chosen: Indices, device: str) -> Tensor:
    """sqrt(v_k/n) f_k of the chosen columns, (columns, features kept, n) float32: T is a sum of squares."""
    v = weights[found.measure[chosen]]
    kept = int((v > 0).sum(1).max())
    scale = np.sqrt(v[:, :kept] / found.n) * found.unit
    features = np.stack([found.features(slice(j, j + 1), kept)[0] for j in chosen])
    return torch.from_numpy(features * scale[:, :, None]).to(device).float()


def _count(left: Tensor, right: Tensor, least: Floats, seed: int, permutations: int) -> NDArray[np.int64]:
    (p, d, n), (q, e, _) = left.shape, right.shape
    F, G = left.reshape(-1, n), right.reshape(-1, n)
    bar = torch.from_numpy(least).to(F.device).float()
    larger = torch.zeros_like(bar, dtype=torch.int64)
    random = np.random.default_rng(seed)
    for _ in range(permutations):
        order = torch.from_numpy(random.permutation(n)).to(F.device)
        S = (F @ G.index_select(1, order).mT).reshape(p, d, q, e)
        larger += S.square_().sum((1, 3)) >= bar
    return np.asarray(larger.cpu().numpy())
