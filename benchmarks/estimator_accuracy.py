"""Error and coverage of the estimators on pairs whose mutual information is known.

    python benchmarks/estimator_accuracy.py --methods convex ksg --rows 300 1000 5000 --repeats 100

For each task and number of rows, of `repeats` samples: bias and RMSE in nats (where the truth is infinite,
the mean), RMSE over the floor (the sd of the pointwise mutual information over sqrt(n): the error of one who
knows the density), the share of 95 % intervals that hold the truth, and the share of samples flagged
`lower_bound`. Then the medians over the smooth and discrete tasks. --tasks keeps those whose name has one of
the words. The method `refined` is convex, cross-checked by ksg on every pair and refined where the two part;
`scikit-learn` is its KSG (k = 3; the discrete forms where a column has under 20 values), without an error.
--plot FILE draws RMSE over the floor against n, a line a method.

    python benchmarks/estimator_accuracy.py --null 20000

p-values of that many independent pairs, atoms and categories among them: the shares below 5 % and 1 %, and
the share that Benjamini-Hochberg at 5 % lets through.
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from estimator.mutual_information import mutual_information
from estimator.mutual_information.cross_check import cross_check, refine
from estimator.mutual_information.inputs import resolve_device
from estimator.mutual_information.intervals import interval
from estimator.mutual_information.methods import METHODS, method
from tests.estimator.distributions import Task, tasks

REFINED, PEER = "refined", "scikit-learn"
NULL_COLUMNS = {
    "normal": lambda random, shape: random.standard_normal(shape),
    "clipped": lambda random, shape: np.maximum(random.standard_normal(shape), 0.3),
    "rare": lambda random, shape: np.maximum(random.standard_normal(shape) - 2, 0),
    "binary": lambda random, shape: (random.random(shape) < 0.2).astype(float),
    "seven levels": lambda random, shape: random.integers(0, 7, shape).astype(float),
    "heavy tails": lambda random, shape: random.standard_cauchy(shape),
}
HEAD = "method  task                     n   truth     bias    rmse  /floor  cover  flag"


def estimates(name: str, task: Task, n: int, repeats: int, seed: int, device: str) -> np.ndarray:
    """mi, se and lower_bound of each sample: (3, repeats)."""
    random = np.random.default_rng([seed, n])
    samples = [task.draw(random, n) for _ in range(repeats)]
    if name == PEER:
        return np.array([(_peer(x, y, seed), np.nan, False) for x, y in samples]).T
    if name == REFINED:
        return np.array([_refined(x[:, None], y[:, None], seed) for x, y in samples]).T
    chosen = method(name, {})
    x, y = (
        chosen.prepare(np.stack([s[i] for s in samples], axis=1), seed=seed, device=device) for i in (0, 1)
    )
    blocks = [chosen.estimate(x, y, slice(k, k + 1), slice(k, k + 1)) for k in range(repeats)]
    return np.array([[float(a[0, 0]) for a in (b.mi, b.se, b.lower_bound)] for b in blocks]).T


def _refined(x: np.ndarray, y: np.ndarray, seed: int) -> tuple[float, float, float]:
    first = mutual_information(x, y, "convex", seed=seed)
    found = refine(first, cross_check(x, y, first, "ksg", share=1.0, seed=seed))
    return float(found.mi[0, 0]), float(found.se[0, 0]), float(found.lower_bound[0, 0])


def _peer(x: np.ndarray, y: np.ndarray, seed: int) -> float:
    few = [np.unique(v).size < 20 for v in (x, y)]
    rate = mutual_info_classif if few[1] else mutual_info_regression
    codes = np.unique(y, return_inverse=True)[1] if few[1] else y
    return float(rate(x[:, None], codes, discrete_features=[few[0]], n_neighbors=3, random_state=seed)[0])


def plot(ratios: dict[tuple[str, int], list[float]], path: Path) -> None:
    """Median, best and worst RMSE over the floor against the rows, as SVG or PNG."""
    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for name in dict.fromkeys(name for name, _ in ratios):
        rows = sorted(n for method, n in ratios if method == name)
        middle = [np.median(ratios[name, n]) for n in rows]
        axes.plot(rows, middle, marker="o", label=name)
        low, high = ([edge(ratios[name, n]) for n in rows] for edge in (min, max))
        axes.fill_between(rows, low, high, alpha=0.12)
    axes.axhline(1.0, color="black", linewidth=1, linestyle="--", label="floor")
    axes.set(xscale="log", xlabel="rows", ylabel="RMSE / floor", ylim=(0.5, 3.5))
    axes.set_xticks(rows, [f"{n:,}" for n in rows])
    axes.minorticks_off()
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def null_p_values(pairs: int, n: int, seed: int, device: str) -> None:
    """Print how the p-values of independent pairs are spread, a kind of column against each other kind."""
    random = np.random.default_rng([seed, n])
    side = int(np.ceil(np.sqrt(pairs / len(NULL_COLUMNS) ** 2)))
    X, Y = (np.hstack([draw(random, (n, side)) for draw in NULL_COLUMNS.values()]) for _ in range(2))
    found = mutual_information(X, Y, "convex", seed=seed, device=device)
    print(f"{'x':>12} {'y':>12} {'pairs':>7} {'p<.05':>7} {'p<.01':>7}")
    for a, left in enumerate(NULL_COLUMNS):
        for b, right in enumerate(NULL_COLUMNS):
            p = found.p_value[a * side : (a + 1) * side, b * side : (b + 1) * side]
            print(f"{left:>12} {right:>12} {p.size:7} {(p < 0.05).mean():7.4f} {(p < 0.01).mean():7.4f}")
    p, kept = found.p_value, (found.q_value <= 0.05).sum()
    print(f"n={n}, all {p.size}: p<.05 {(p < 0.05).mean():.4f}, p<.01 {(p < 0.01).mean():.4f}, "
          f"false edges after Benjamini-Hochberg {kept / p.size:.5f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="+", default=["convex", "ksg"], choices=[*METHODS, REFINED, PEER])
    parser.add_argument("--rows", nargs="+", type=int, default=[300, 1000, 5000])
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--tasks", nargs="+", default=[""])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--null", type=int, metavar="PAIRS", help="p-values of independent pairs instead")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    asked = parser.parse_args()
    device = resolve_device(asked.device)
    if asked.null:
        for n in asked.rows:
            null_p_values(asked.null, n, asked.seed, device)
        return
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
    if asked.plot:
        plot(ratios, asked.plot)
    for (name, n), of in ratios.items():
        cover = covers[name, n]
        print(
            f"{name} n={n}, {len(of)} smooth and discrete tasks: RMSE/floor median {np.median(of):.2f}, "
            f"worst {max(of):.2f}; coverage mean {np.mean(cover):.3f}, worst {min(cover):.2f}"
        )


if __name__ == "__main__":
    main()
