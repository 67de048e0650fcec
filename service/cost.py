"""What an analysis will take, said before it runs.

seconds = START + pairs * (fixed + growing * rows / 1000), and the same for the share that is cross-checked;
memory = BASE + COPIES * 8 bytes * rows * neurons + BLOCK. pairs counts those of probes, too.
The constants were measured on two cores of a server, to a factor of two; a GPU is faster.
"""

from dataclasses import dataclass

from estimator.model.plan import ModelPlan
from estimator.model.selection import select
from estimator.options import Estimator, Options

START_SECONDS = 3.0
BASE_BYTES = 400 * 2**20
COPIES = 4
BLOCK_BYTES = 512 * 2**20

# Seconds a pair: a fixed part, and a part for each 1,000 rows.
PER_PAIR: dict[Estimator, tuple[float, float]] = {
    "convex": (0.0005, 0.00012),
    "mine": (0.02, 0.0012),
    "ksg": (0.003, 0.0017),
}


@dataclass(frozen=True)
class Cost:
    """pairs: neuron pairs measured, those of probes included. seconds: wall time of one worker, roughly."""

    pairs: int
    rows: int
    neurons: int
    seconds: float
    memory_bytes: int


def pairs_of(plan: ModelPlan) -> int:
    """Pairs between linked layers, and within every layer that is a source."""
    sizes = [layer.size for layer in plan.layers]
    between = sum(sizes[source] * sizes[consumer] for source, consumer in plan.links)
    within = sum(sizes[source] * (sizes[source] - 1) // 2 for source in {source for source, _ in plan.links})
    return between + within


def cost_of(plan: ModelPlan, rows: int, options: Options) -> Cost:
    """The cost of analysing that many rows."""
    plan = select(plan, options).measured
    neurons = sum(layer.size for layer in plan.layers)
    probes = len(set(options.probes) | ({options.target} if options.target is not None else set()))
    given_target = probes - 1 if options.target is not None else 0  # measured once more, in strata
    pairs = pairs_of(plan) + (probes + given_target) * neurons
    seconds = START_SECONDS + pairs * _per_pair(options.estimator, rows)
    if options.cross_check is not None:
        seconds += options.cross_check_share * pairs * _per_pair(options.cross_check, rows)
    memory = BASE_BYTES + 8 * rows * neurons * COPIES + BLOCK_BYTES
    return Cost(pairs, rows, neurons, seconds, memory)


def _per_pair(estimator: Estimator, rows: int) -> float:
    fixed, growing = PER_PAIR[estimator]
    return fixed + growing * rows / 1000
