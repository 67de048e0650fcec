"""Pairs a second of each method on a block of pairs, beside what one pair costs elsewhere.

    python benchmarks/estimator_speed.py --methods convex --side 128 --rows 1000 --threads 2
    python benchmarks/estimator_speed.py --methods convex mine --device cuda

The columns are the two ReLU layers of a random network: every column of the second hears of one tenth of the
first, which hears of 16 sources. `estimate` includes preparing the columns; `p-values` is the test of the
same pairs. CPU seconds are printed, too: on a busy machine they are the figure to compare. The references,
one pair each: scikit-learn's KSG (trees, k = 3), and MINE as published (two hidden layers of 100 units, 1,000
steps of Adam on minibatches of 512).
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from estimator.mutual_information.estimation import estimate
from estimator.mutual_information.inputs import resolve_device
from estimator.mutual_information.methods import METHODS, method
from estimator.mutual_information.significance import permutation_p_values
from estimator.progress import silent

Floats = NDArray[np.float64]


def layers(n: int, side: int, seed: int) -> tuple[Floats, Floats]:
    """Two layers (n, side)."""
    random = np.random.default_rng(seed)
    sources = random.standard_normal((n, 16))
    X = sources @ random.standard_normal((16, side)) / 4 + random.standard_normal((n, side)) / 2
    X = np.maximum(X, 0)
    weights = random.standard_normal((side, side)) * (random.random((side, side)) < 0.1)
    return X, np.maximum(X @ weights + random.standard_normal((n, side)) / 2, 0)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of a second run; the first one loads what is loaded once."""
    work()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def published_mine(x: Floats, y: Floats, steps: int) -> None:
    """Algorithm 1 of arXiv:1801.04062 on one pair."""
    data = torch.tensor(np.stack([x, y], axis=1), dtype=torch.float32)
    net = torch.nn.Sequential(
        torch.nn.Linear(2, 100), torch.nn.ReLU(), torch.nn.Linear(100, 100), torch.nn.ReLU(),
        torch.nn.Linear(100, 1),
    )  # fmt: skip
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(steps):
        joint = data[torch.randint(len(data), (512,))]
        apart = torch.stack([joint[:, 0], data[torch.randint(len(data), (512,)), 1]], dim=1)
        loss = torch.logsumexp(net(apart)[:, 0], 0) - net(joint).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()


def references(X: Floats, Y: Floats) -> None:
    from sklearn.feature_selection import mutual_info_regression

    wall, _ = timed(lambda: [mutual_info_regression(X[:, [k]], Y[:, k]) for k in range(4)])
    print(f"reference: one KSG by trees (scikit-learn) {wall / 4 * 1e3:.2f} ms a pair", flush=True)
    wall, _ = timed(lambda: published_mine(X[:, 0], Y[:, 0], 100))
    print(f"reference: one MINE as published {wall * 10:.2f} s a pair")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="+", default=["convex"], choices=list(METHODS))
    parser.add_argument("--side", type=int, default=128, help="columns a side")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--permutations", type=int, default=200)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    device = resolve_device(asked.device)
    X, Y = layers(asked.rows, asked.side, asked.seed)
    pairs = asked.side**2
    print(f"{asked.side} x {asked.side} pairs of {asked.rows} rows on {device}, {asked.threads} threads")

    def report(name: str, wall: float, cpu: float) -> None:
        print(
            f"{name}: {wall:.2f} s wall, {cpu:.2f} s CPU: {pairs / wall:,.0f} pairs/s, "
            f"{cpu / pairs * 1e6:,.0f} us CPU a pair",
            flush=True,
        )

    def run(name: str) -> None:
        estimate(X, Y, method(name, {}), seed=asked.seed, device=device, progress=silent)

    for name in asked.methods:
        report(f"{name} estimate", *timed(lambda name=name: run(name)))
    test = {"seed": asked.seed, "permutations": asked.permutations, "device": device}
    report("p-values", *timed(lambda: permutation_p_values(X, Y, **test)))
    references(X, Y)


if __name__ == "__main__":
    main()
