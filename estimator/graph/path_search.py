"""The k best paths of an acyclic graph by the product of their edges, found without listing all.

1. reach(v), the largest product from v to an end, is the best of nif(v, u) * reach(u) over the children u.
2. The children of a neuron, sorted by nif * reach, are the ways to go on, best first.
3. Best first search over prefixes of paths. A prefix stands for its best continuation and for those of its
   worse siblings; its bound, product so far times reach, is met exactly, so whole paths come out in order.
   One that is taken from the heap puts back its best child and its next sibling: k paths of h hops cost
   k * h steps (Lawler 1972, doi:10.1287/mnsc.18.7.401).
Exact products are long integers, so logarithms in doubles first say which children can be the best at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from estimator.graph.exact_product import BITS, ExactProduct
from estimator.graph.flow import FlowEdges

END = -1  # the step after the last neuron of a path
MARGIN = 1e-6  # far above the rounding in a sum of logarithms: what is further apart is no tie


@dataclass(frozen=True)
class FoundPath:
    """neurons: numbered through. nif: of each hop. product: of all hops."""

    neurons: tuple[int, ...]
    nif: tuple[float, ...]
    product: ExactProduct


@dataclass(frozen=True)
class _Step:
    """A way to go on: to `neuron` over an edge of this nif."""

    neuron: int
    nif: float


@dataclass(frozen=True)
class _Prefix:
    """The first neurons of a path; the last of them is siblings[place]. product: of the hops before it."""

    neurons: tuple[int, ...]
    nif: tuple[float, ...]
    product: ExactProduct
    siblings: list[_Step]
    place: int


class PathSearch:
    """Paths that end at one of `ends`, (n,) by neuron, and have at most `hops` edges.

    A neuron's number is larger than its sources'.
    """

    def __init__(self, edges: FlowEdges, ends: NDArray[np.bool_], hops: int) -> None:
        self._edges = edges
        self._ends = ends
        self._bits = BITS * (hops + 2)  # two more for the steps to the start and to END
        self._row = np.searchsorted(edges.source, np.arange(len(ends) + 1))
        self._log_nif = np.log(edges.nif)
        self._log_reach = self._logarithms()
        self._reach: dict[int, ExactProduct] = {END: ExactProduct()}
        self._sorted: dict[int, list[_Step]] = {}

    def best(self, starts: Sequence[int], k: int) -> list[FoundPath]:
        """Step 3: the k best from any of `starts`, ties by the sequence of neurons."""
        heap: list[tuple[tuple[int, int], tuple[int, ...], _Prefix]] = []

        def put(before: tuple[int, ...], nif: tuple[float, ...], product: ExactProduct,
                siblings: list[_Step], place: int) -> None:  # fmt: skip
            if place < len(siblings):
                step = siblings[place]
                bound = (product * self._through(step)).falling(self._bits)
                neurons = (*before, step.neuron)
                heappush(heap, (bound, neurons, _Prefix(neurons, (*nif, step.nif), product, siblings, place)))

        put((), (), ExactProduct(), self._in_order([_Step(s, 1.0) for s in starts]), 0)
        found: list[FoundPath] = []
        while heap and len(found) < k:
            prefix = heappop(heap)[2]
            put(prefix.neurons[:-1], prefix.nif[:-1], prefix.product, prefix.siblings, prefix.place + 1)
            if prefix.neurons[-1] == END:
                # the steps to the start and to END are no hops
                found.append(FoundPath(prefix.neurons[:-1], prefix.nif[1:-1], prefix.product))
            else:
                product = prefix.product * ExactProduct.of(prefix.nif[-1])
                put(prefix.neurons, prefix.nif, product, self._onwards(prefix.neurons[-1]), 0)
        return found

    def _logarithms(self) -> NDArray[np.float64]:
        """(n,) ln reach, but for rounding; -inf for a neuron that no end can be reached from."""
        log_reach = np.where(self._ends, 0.0, -np.inf)
        for neuron in reversed(range(len(log_reach))):
            here = slice(self._row[neuron], self._row[neuron + 1])
            onwards = self._log_nif[here] + log_reach[self._edges.consumer[here]]
            log_reach[neuron] = max(log_reach[neuron], onwards.max(initial=-np.inf))
        return log_reach

    def _through(self, step: _Step) -> ExactProduct:
        """The largest product over this step and on to an end."""
        waiting = [step.neuron]
        while waiting:  # a loop, since layers may be more than the interpreter lets calls nest
            neuron = waiting[-1]
            near = self._near(neuron) if neuron not in self._reach else []
            unknown = [s.neuron for s in near if s.neuron not in self._reach]
            if not unknown:
                waiting.pop()
            if near and not unknown:
                products = [ExactProduct.of(s.nif) * self._reach[s.neuron] for s in near]
                self._reach[neuron] = min(products, key=lambda product: product.falling(self._bits))
            waiting.extend(unknown)
        return ExactProduct.of(step.nif) * self._reach[step.neuron]

    def _near(self, neuron: int) -> list[_Step]:
        """The steps from a neuron whose reach, but for rounding, is the largest."""
        here = slice(self._row[neuron], self._row[neuron + 1])
        consumers = self._edges.consumer[here]
        onwards = self._log_nif[here] + self._log_reach[consumers]
        near = np.flatnonzero(onwards >= self._log_reach[neuron] - MARGIN)
        steps = [_Step(int(consumers[i]), float(self._edges.nif[here][i])) for i in near]
        return [*steps, _Step(END, 1.0)] if self._ends[neuron] else steps

    def _onwards(self, neuron: int) -> list[_Step]:
        """Step 2: all steps from a neuron that lead to an end, best first."""
        if neuron not in self._sorted:
            here = slice(self._row[neuron], self._row[neuron + 1])
            pairs = zip(self._edges.consumer[here].tolist(), self._edges.nif[here].tolist(), strict=True)
            steps = [_Step(consumer, nif) for consumer, nif in pairs]
            self._sorted[neuron] = self._in_order([_Step(END, 1.0), *steps] if self._ends[neuron] else steps)
        return self._sorted[neuron]

    def _in_order(self, steps: list[_Step]) -> list[_Step]:
        leading = [s for s in steps if s.neuron == END or self._log_reach[s.neuron] > -np.inf]
        return sorted(leading, key=lambda s: (self._through(s).falling(self._bits), s.neuron))
