"""Error and coverage of the estimators on pairs whose mutual information is known.

    python benchmarks/estimator_accuracy.py --methods convex ksg --rows 300 1000 5000 --repeats 100

For each task and number of rows, of `repeats` samples: bias and RMSE in nats (where the truth is infinite,
the mean), RMSE over the floor (the sd of the pointwise mutual information over sqrt(n): the error of one who
knows the density), the share of 95 % intervals that hold the truth, and the share of samples flagged
`lower_bound`. Then the medians over the smooth and discrete tasks. --tasks keeps those whose name has one of
the words.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from estimator.mutual_information.inputs import resolve_device
from estimator.mutual_information.intervals import interval
from estimator.mutual_information.methods import METHODS, method
from tests.estimator.distributions import Task, tasks

HEAD = "method  task                     n   truth     bias    rmse  /floor  cover  flag"


def estimates(name: str, task: Task, n: int, repeats: int, seed: int, device: str) -> np.ndarray:
    """mi, se and lower_bound of each sample: (3, repeats)."""
    random = np.random.default_rng([seed, n])
    samples = [task.draw(random, n) for _ in range(repeats)]
    chosen = method(name, {})
    x, y = (
        chosen.prepare(np.stack([s[i] for s in samples], axis=1), seed=seed, device=device) for i in (0, 1)
    )
    blocks = [chosen.estimate(x, y, slice(k, k + 1), slice(k, k + 1)) for k in range(repeats)]
    return np.array([[float(a[0, 0]) for a in (b.mi, b.se, b.lower_bound)] for b in blocks]).T


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="+", default=["convex", "ksg"], choices=list(METHODS))
    parser.add_argument("--rows", nargs="+", type=int, default=[300, 1000, 5000])
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--tasks", nargs="+", default=[""])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    asked = parser.parse_args()
    device = resolve_device(asked.device)
    chosen = [t for t in tasks() if any(word in t.name for word in asked.tasks)]
    print(HEAD)
    ratios: dict[tuple[str, int], list[float]] = {}
    covers: dict[tuple[str, int], list[float]] = {}
    for task in chosen:
        for n in asked.rows:
            for name in asked.methods:
                mi, se, flag = estimates(name, task, n, asked.repeats, asked.seed, device)
                low, high = interval(mi, se)
                covered = float(np.mean((low <= task.mi) & (task.mi <= high)))
                bias, rmse = float(np.mean(mi - task.mi)), float(np.sqrt(np.mean((mi - task.mi) ** 2)))
                ratio = rmse / task.floor(n) if np.isfinite(task.mi) else np.nan
                if not np.isfinite(task.mi):
                    bias = float(np.mean(mi))
                print(
                    f"{name:7} {task.name:19} {n:6} {task.mi:7.4f} {bias:8.4f} {rmse:7.4f} {ratio:7.2f} "
                    f"{covered:6.2f} {flag.mean():5.2f}",
                    flush=True,
                )
                if task.kind != "sharp":
                    ratios.setdefault((name, n), []).append(ratio)
                    covers.setdefault((name, n), []).append(covered)
    for (name, n), of in ratios.items():
        cover = covers[name, n]
        print(
            f"{name} n={n}, {len(of)} smooth and discrete tasks: RMSE/floor median {np.median(of):.2f}, "
            f"worst {max(of):.2f}; coverage mean {np.mean(cover):.3f}, worst {min(cover):.2f}"
        )


if __name__ == "__main__":
    main()
