"""What a cut is compared with: as many neurons of the same layers, drawn at random.

1. A set has as many neurons of each layer as the cut has there, whichever they are: the chosen ones are
   among those that can be drawn.
2. Where there are no more such sets than draws, all of them are measured, once each: nothing is left to
   chance. Otherwise the draws are independent, with a seed that hangs on the series and on k alone.
3. p is the share of sets that do at least as well as the chosen one (of a `most` series: at least as badly);
   with draws, (1 + how many) / (1 + draws) (Phipson and Smyth 2010, doi:10.2202/1544-6115.1585).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod
from typing import Any

import numpy as np

from estimator.ablation.candidates import Candidates, Neuron
from estimator.ablation.masked_runs import Cut
from estimator.scoring.metrics import Floats

TOLERANCE = 1e-12  # scores that differ by rounding are equal


@dataclass(frozen=True)
class Control:
    """scores: the metric after each random cut. exhaustive: whether these are all the sets there are."""

    scores: tuple[float, ...]
    exhaustive: bool
    p_value: float

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; low and high are the extremes."""
        return {
            "sets": len(self.scores),
            "exhaustive": self.exhaustive,
            "mean": float(np.mean(self.scores)),
            "low": min(self.scores),
            "high": max(self.scores),
            "p_value": self.p_value,
            "scores": list(self.scores),
        }


def random_cuts(
    candidates: Candidates, cut: Sequence[Neuron], draws: int, seed: Sequence[int]
) -> tuple[list[Cut], bool]:
    """The sets to measure, and whether they are all there are."""
    counts = {layer: sum(n[0] == layer for n in cut) for layer in sorted({n[0] for n in cut})}
    sizes = {layer: candidates.network.layers[layer].size for layer in counts}
    if prod(comb(sizes[layer], count) for layer, count in counts.items()) <= draws:
        every = product(*(combinations(range(sizes[layer]), count) for layer, count in counts.items()))
        sets = [
            [(layer, i) for layer, chosen in zip(counts, one, strict=True) for i in chosen] for one in every
        ]
        return [candidates.cut_places(one) for one in sets], True
    rng = np.random.default_rng(list(seed))
    cuts: list[Cut] = []
    for _ in range(draws):
        drawn = [
            (layer, int(i)) for layer, count in counts.items()
            for i in rng.choice(sizes[layer], count, replace=False)
        ]  # fmt: skip
        cuts.append(candidates.cut_places(drawn))
    return cuts, False


def control(scores: Floats, chosen: float, *, exhaustive: bool, high_is_extreme: bool) -> Control:
    """high_is_extreme: whether a set counts that scores as high as the chosen one, or as low."""
    sign = 1.0 if high_is_extreme else -1.0
    extreme = int(np.count_nonzero(sign * scores >= sign * chosen - TOLERANCE))
    p_value = extreme / len(scores) if exhaustive else (1 + extreme) / (1 + len(scores))
    return Control(tuple(float(score) for score in scores), exhaustive, p_value)
