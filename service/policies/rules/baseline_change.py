"""baseline-change: against the baseline no edge changed by more than its interval and so many nats.

An edge changed by more than its interval where the diff of both networks says so: with the errors of both
sides, Benjamini-Hochberg over the whole diff at the network's alpha (`estimator/diff/changes.py`). It decides
where it also changed by more than `max`. A changed edge is `cannot tell` where either value is saturated or a
lower bound, where a neuron at its ends has no counterpart that does alike, or where the baseline was measured
in another way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from estimator.diff import NetworkDiff
from estimator.diff.said import differences
from estimator.network import FlowNetwork
from service.policies.evidence import Evidence
from service.policies.fields import Amount
from service.policies.finding import MOST_NAMED, Edge, Finding, Unknown, Verdict, edge, number, unresolved
from service.policies.rules.rule import Rule
from service.report.text import count, shown
from service.report.text import number as written

SAID = {
    "model_sha256": "the baseline is of another model",
    "data_sha256": "the baseline is of other data",
    "estimator": "the baseline was measured by another estimator",
    "parameters": "the baseline was measured with other parameters of the estimator",
}
MEASURED_ALIKE = ("estimator", "parameters")


@dataclass(frozen=True, kw_only=True)
class BaselineChange(Rule):
    """max: nats."""

    max: float

    kind: ClassVar = "baseline-change"
    summary: ClassVar = "No edge changed against the baseline by more than its interval and `max` nats"
    options: ClassVar = {
        "max": Amount(0, None, required=True, metadata={"description": "Nats"}),
    }

    def judge(self, evidence: Evidence) -> Finding:
        found = evidence.compared
        if found is None:
            raise Unknown("there is no baseline to compare with; give one (--baseline)")
        change = np.concatenate([t.change.ravel() for t in found.edge_tests] or [np.empty(0)])
        if not change.size:
            raise Unknown("the network has no edges")
        resolved = np.concatenate([~(unresolved(e.base) | unresolved(e.head)).ravel() for e in found.edges])
        if not resolved.any():
            raise Unknown("all edges are saturated or lower bounds: a change of them could not be seen")
        differs = {d["what"] for d in differences(found.base, found.head, found.head_beta, found.head_alpha)}
        clear = resolved & _matched(found) & differs.isdisjoint(MEASURED_ALIKE)
        large = np.concatenate([found.found(t).ravel() for t in found.edge_tests])
        large &= np.abs(change) > self.max
        verdict: Verdict = "fail" if (large & clear).any() else "cannot tell" if large.any() else "pass"
        decisive = np.flatnonzero(large & clear if verdict == "fail" else large)
        order = decisive[np.argsort(-np.abs(change[decisive]), kind="stable")]
        largest = float(np.nanmax(np.abs(change), initial=0.0))
        said = [words for key, words in SAID.items() if key in differs]
        said += _of_the_neurons(found, differs)
        return Finding(
            verdict=verdict,
            reason="; ".join([self._reason(verdict, len(order), change.size, largest), *said]),
            measured=float(np.abs(change[order[0]])) if len(order) else largest,
            limit=self.max,
            unit="nats",
            edges=tuple(_edge(evidence.network, found, int(at)) for at in order[:MOST_NAMED]),
            more=max(0, len(order) - MOST_NAMED),
        )

    def _reason(self, verdict: Verdict, changed: int, of: int, largest: float) -> str:
        limit = f"{self.max:.12g}"
        if verdict == "pass":
            none = f"none of {count(of, 'edge')} changed by more than its interval and {limit} nats"
            return f"{none}; the largest difference is {written(largest)}"
        what = f"{changed:,} of {count(of, 'edge')} changed by more than {'its' if changed == 1 else 'their'}"
        why = "" if verdict == "fail" else ", but not as two values that are resolved and alike"
        return f"{what} interval and {limit} nats{why}"


def _matched(found: NetworkDiff) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Of every edge, whether both its neurons have a counterpart that does alike."""
    alike = [layer.alike for layer in found.alignment.layers]
    return np.concatenate(
        [np.logical_and.outer(alike[e.base.source], alike[e.base.consumer]).ravel() for e in found.edges]
    )


def _of_the_neurons(found: NetworkDiff, differs: set[str]) -> Iterator[str]:
    """How neurons of another model found their counterparts."""
    if "model_sha256" in differs and found.alignment.by == "names":
        yield "hidden neurons were matched by name; give the baseline's model to match them by what they do"
    for layer in found.alignment.layers:
        name = shown(found.base.layers[layer.base].name)
        if layer.by == "position":
            yield f"the outputs of layer {name} have other names in the baseline: by position"
        if layer.strangers:
            of = count(len(layer.partner), "neuron")
            yield f"{layer.strangers:,} of {of} of layer {name} did nothing alike in the baseline"


def _edge(network: FlowNetwork, found: NetworkDiff, at: int) -> Edge:
    """The edge of the network at that place of the diff's, which are in the baseline's order."""
    own = {(e.source, e.consumer): e for e in network.edges}
    for pair in found.edges:
        if at < pair.base.mi.size:
            i, k = (int(v) for v in np.unravel_index(at, pair.base.mi.shape))
            ends = [found.alignment.layers[layer] for layer in (pair.base.source, pair.base.consumer)]
            edges = own[ends[0].head, ends[1].head]
            places = int(ends[0].partner[i]), int(ends[1].partner[k])
            return edge(network, edges, *places, baseline_mi=number(float(pair.base.mi[i, k])))
        at -= pair.base.mi.size
    raise IndexError(at)
