"""A second estimator on some of the pairs: how far apart are the two?

1. Draw pairs by the seed so that the columns of either side are in the sample about equally often.
2. Estimate them by the second method.
3. Compare in units of the joint error, sqrt(se_1^2 + se_2^2).
Where the second says clearly more, `refine` takes its value: dependence too sharp for the first.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimator.mutual_information.blocks import Block, work
from estimator.mutual_information.estimation import block_size
from estimator.mutual_information.inputs import checked, resolve_device
from estimator.mutual_information.intervals import ROUNDING, bounded, interval
from estimator.mutual_information.methods import method as find_method
from estimator.mutual_information.result import MutualInformation
from estimator.options import Device, Estimator, refuse
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Joint errors beyond which two estimates of one number do not agree.
APART = 3.0
# Groups of columns that share what they are paired with: enough for a balanced sample, few calls.
_GROUPS = 32


@dataclass(frozen=True)
class CrossCheck:
    """Two estimates of k pairs (rows[i], columns[i]), arrays (k,), in nats.

    first, first_se: as they were. second, second_se: by `method`, held under the ceiling. share: of all
    pairs without a constant column, how many were checked.
    """

    method: str
    rows: Ints
    columns: Ints
    first: Floats
    first_se: Floats
    second: Floats
    second_se: Floats
    share: float

    @property
    def joint_errors(self) -> Floats:
        """(second - first) / sqrt(first_se^2 + second_se^2), (k,)."""
        joint: Floats = np.maximum(np.hypot(self.first_se, self.second_se), ROUNDING)
        return (self.second - self.first) / joint

    def as_dict(self) -> dict[str, Any]:
        """The disagreement in plain JSON values: in nats, and in units of the joint error."""
        nats, errors = np.abs(self.second - self.first), np.abs(self.joint_errors)
        worst = int(errors.argmax()) if errors.size else None
        return {
            "method": self.method,
            "pairs": int(errors.size),
            "share": self.share,
            "median_difference": float(np.median(nats)) if errors.size else 0.0,
            "median_errors": float(np.median(errors)) if errors.size else 0.0,
            "largest_errors": 0.0 if worst is None else float(errors[worst]),
            "largest_at": None if worst is None else [int(self.rows[worst]), int(self.columns[worst])],
            "apart": int((errors > APART).sum()),
        }


def cross_check(
    X: ArrayLike,
    Y: ArrayLike,
    first: MutualInformation,
    method: Estimator,
    *,
    share: float = 0.1,
    seed: int = 0,
    device: Device = "auto",
    parameters: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> CrossCheck:
    """Estimate a share of the pairs of X (n, p) and Y (n, q) by another method than `first` (p, q) was.

    At least one pair is checked if there is one without a constant column. progress is told
    ("estimating", pairs done, pairs); what it raises passes through. Raises InvalidParameter, TooFewRows.
    """
    if not 0 < share <= 1:
        raise refuse("cross_check_share", share, "above 0 and at most 1")
    tell, device = progress or silent, resolve_device(device)
    X, Y = checked(X, "X"), checked(Y, "Y")
    chosen = find_method(method, parameters or {})
    alive = [np.flatnonzero(Z.min(axis=0) < Z.max(axis=0)) for Z in (X, Y)]
    left, right, blocks = _sample(alive[0], alive[1], share, seed)
    total, possible = sum(block.pairs for block in blocks), alive[0].size * alive[1].size
    mi, se, taken = np.zeros(first.mi.shape), np.zeros(first.mi.shape), np.zeros(first.mi.shape, dtype=bool)
    tell("estimating", 0, total)
    if blocks:
        x = chosen.prepare(X[:, left], seed=seed, device=device)
        y = chosen.prepare(Y[:, right], seed=seed, device=device)
        done, most = 0, block_size(chosen, X.shape[0], device)
        small = [part for block in blocks for part in _no_larger(block, most)]
        for block, found in work(small, lambda b: chosen.estimate(x, y, b.rows, b.columns)):
            at = np.ix_(left[block.rows], right[block.columns])
            mi[at], se[at], taken[at] = found.mi, found.se, True
            done += block.pairs
            tell("estimating", done, total)
    rows, columns = np.nonzero(taken)
    return CrossCheck(
        method=chosen.name, rows=rows, columns=columns,
        first=first.mi[rows, columns], first_se=first.se[rows, columns],
        second=bounded(mi, first.ceiling)[0][rows, columns], second_se=se[rows, columns],
        share=total / possible if possible else 0.0,
    )  # fmt: skip


def refine(first: MutualInformation, check: CrossCheck) -> MutualInformation:
    """`first` with the value of `check` where that is more by over 3 joint errors: a dependence too sharp
    for the first method. Such a pair is a lower bound and names its method; none is averaged."""
    more = check.joint_errors > APART
    at = check.rows[more], check.columns[more]
    mi, se, lower_bound = first.mi.copy(), first.se.copy(), first.lower_bound.copy()
    mi[at], se[at], lower_bound[at] = check.second[more], check.second_se[more], True
    replaced = np.zeros(mi.shape, dtype=np.bool_)
    replaced[at] = True
    mi, near = bounded(mi, first.ceiling)
    low, high = interval(mi, se)
    return replace(
        first, mi=mi, se=se, ci_low=np.where(replaced, low, first.ci_low),
        ci_high=np.where(replaced, high, first.ci_high), lower_bound=lower_bound,
        saturated=np.where(replaced, near, first.saturated),
        method=np.where(replaced, check.method, first.method),
        metadata={**first.metadata, "refined": int(more.sum())},
    )  # fmt: skip


def _sample(left: Ints, right: Ints, share: float, seed: int) -> tuple[Ints, Ints, list[Block]]:
    """Columns of either side in a drawn order, and blocks of them that make up the share.

    The longer side is cut in groups; each takes the next few of the shorter side, round and round.
    """
    random = np.random.default_rng(seed)
    left, right = random.permutation(left), random.permutation(right)
    if not (left.size and right.size):
        return left, right, []
    swap = left.size < right.size
    long, short = (right, left) if swap else (left, right)
    wide = max(1, round(share * short.size))
    used = min(long.size, math.ceil(share * left.size * right.size / wide))
    ring = np.concatenate([short, short[: wide - 1]])
    blocks = [
        Block(around, along) if swap else Block(along, around)
        for along, around in _rounds(used, wide, short.size)
    ]
    return (ring, long, blocks) if swap else (long, ring, blocks)


def _rounds(used: int, wide: int, around: int) -> Iterator[tuple[slice, slice]]:
    step = math.ceil(used / _GROUPS)
    for group, start in enumerate(range(0, used, step)):
        first = group * wide % around
        yield slice(start, min(start + step, used)), slice(first, first + wide)


def _no_larger(block: Block, most: int) -> list[Block]:
    if block.pairs <= most:
        return [block]
    return [part for half in block.halved() for part in _no_larger(half, most)]
