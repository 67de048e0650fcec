"""One method on all pairs, block by block."""

import numpy as np
from numpy.typing import NDArray

from estimator.mutual_information.blocks import (
    LARGEST_BLOCK_PAIRS,
    Block,
    most_pairs,
    rectangle,
    triangle,
    work,
)
from estimator.mutual_information.methods import Method
from estimator.mutual_information.result import BlockEstimate
from estimator.progress import Progress

Floats = NDArray[np.float64]


def estimate(
    X: Floats, Y: Floats | None, method: Method, *, seed: int, device: str, progress: Progress
) -> BlockEstimate:
    """The method on all pairs, block by block; no column constant. Within X, symmetric, where Y is None."""
    x = method.prepare(X, seed=seed, device=device)
    y = x if Y is None else method.prepare(Y, seed=seed, device=device)
    p, q = X.shape[1], X.shape[1] if Y is None else Y.shape[1]
    most = block_size(method, X.shape[0], device)
    halves = getattr(method, "halves_within", False)
    blocks = triangle(p, most, halves=halves) if Y is None else rectangle(p, q, most)
    mi, se, lower = np.zeros((p, q)), np.zeros((p, q)), np.zeros((p, q), dtype=bool)
    total = p * (p - 1) // 2 if Y is None else p * q
    done = 0
    progress("estimating", done, total)
    for block, found in work(blocks, lambda b: method.estimate(x, y, b.rows, b.columns)):
        done += _new_pairs(block, within=Y is None)
        mi[block.rows, block.columns] = found.mi
        se[block.rows, block.columns] = found.se
        lower[block.rows, block.columns] = found.lower_bound
        progress("estimating", done, total)
    if Y is None:  # what is below the diagonal, twice measured or not at all, is the mirror of what is above
        mi, se, lower = (np.triu(a, 1) + np.triu(a, 1).T for a in (mi, se, lower))
    return BlockEstimate(mi=mi, se=se, lower_bound=lower)


def block_size(method: Method, n: int, device: str) -> int:
    """Pairs in a block: what memory allows, and what the method says is enough for one step.

    A method may have `largest_block(n, device)`, the pairs of some seconds' work: a cancellation waits for
    the end of a block.
    """
    enough = getattr(method, "largest_block", None)
    largest = LARGEST_BLOCK_PAIRS[device] if enough is None else enough(n, device)
    return most_pairs(method.block_bytes(n), largest, device)


def _new_pairs(block: Block, *, within: bool) -> int:
    """How many pairs the block measures for the first time: within one table those above the diagonal."""
    if not within:
        return block.pairs
    return int(np.triu(np.ones(block.shape), block.rows.start - block.columns.start + 1).sum())


def part_of(progress: Progress, start: int, share: int, whole: int) -> Progress:
    """Progress of one part of the work, told as progress of the whole."""

    def tell(phase: str, done: int, total: int) -> None:
        progress(phase, start + share * done // max(1, total), whole)

    return tell
