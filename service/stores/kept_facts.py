"""Facts of networks read at another beta than their own: computed once, kept for the next page."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from estimator.graph.facts import GraphFacts

KEPT = 16


class KeptFacts:
    """The facts asked for last; threads may share it. They take seconds on a large network."""

    def __init__(self) -> None:
        self._facts: OrderedDict[Hashable, GraphFacts] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], GraphFacts]) -> GraphFacts:
        """Those of the key, computed without the lock if they are not there."""
        with self._lock:
            if key in self._facts:
                self._facts.move_to_end(key)
                return self._facts[key]
        facts = compute()
        with self._lock:
            self._facts[key] = facts
            while len(self._facts) > KEPT:
                self._facts.popitem(last=False)
        return facts
