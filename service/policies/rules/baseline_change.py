"""baseline-change: against the baseline no edge changed by more than its interval and so many nats.

An edge changed by more than its interval where the two estimates differ beyond their errors: z = difference /
sqrt(se^2 + se^2), two-sided, Benjamini-Hochberg over all edges at the network's alpha. It decides where it
also changed by more than `max`. A changed edge that is saturated or a lower bound on either side, or measured
by another estimator than the baseline's, is `cannot tell`. Neurons are matched by name where both layers have
the same names, in any order; hidden neurons of other names by position, which is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from estimator.errors import InvalidParameter, Place
from estimator.mutual_information.false_discovery import benjamini_hochberg
from estimator.network import Edges, FlowNetwork
from service.policies.evidence import Evidence
from service.policies.fields import Amount
from service.policies.finding import MOST_NAMED, Edge, Finding, Unknown, Verdict, edge, number, unresolved
from service.policies.rules.rule import Rule
from service.report.text import count, shown
from service.report.text import number as written

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


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
        network = evidence.network
        if evidence.baseline is None:
            raise Unknown("there is no baseline to compare with; give one (--baseline)")
        said = same_architecture(network, evidence.baseline)
        pairs = list(_matched(network, evidence.baseline))
        if not any(head.mi.size for head, _ in pairs):
            raise Unknown("the network has no edges")
        if all((unresolved(head) | unresolved(base)).all() for head, base in pairs):
            raise Unknown("all edges are saturated or lower bounds: a change of them could not be seen")
        flat = [_compared(head, base) for head, base in pairs]
        change, p, clear = (np.concatenate([part[i].ravel() for part in flat]) for i in range(3))
        alike = network.provenance.get("estimator") == evidence.baseline.provenance.get("estimator")
        if not alike:
            clear = np.zeros_like(clear)
            said.append("the baseline was measured by another estimator")
        changed = (np.abs(change) > self.max) & (benjamini_hochberg(p) <= network.alpha)
        verdict: Verdict = "fail" if (changed & clear).any() else "cannot tell" if changed.any() else "pass"
        decisive = np.flatnonzero(changed & clear if verdict == "fail" else changed)
        order = decisive[np.argsort(-np.abs(change[decisive]), kind="stable")]
        largest = float(np.abs(change).max())
        return Finding(
            verdict=verdict,
            reason="; ".join([self._reason(verdict, len(order), change.size, largest), *said]),
            measured=float(np.abs(change[order[0]])) if len(order) else largest,
            limit=self.max,
            unit="nats",
            edges=tuple(_edge(network, pairs, int(at)) for at in order[:MOST_NAMED]),
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


def same_architecture(network: FlowNetwork, baseline: FlowNetwork) -> list[str]:
    """What is to be said of a baseline that can be compared. Raises InvalidParameter for one that cannot."""
    mine, other = ([(x.kind, x.size) for x in n.layers] for n in (network, baseline))
    links, others = ([(e.source, e.consumer) for e in n.edges] for n in (network, baseline))
    if mine != other or links != others:
        sizes, of_base = (" -> ".join(f"{x.size:,}" for x in n.layers) for n in (network, baseline))
        raise _refused(f"the baseline is of another architecture: its layers are {of_base}, these {sizes}")
    said = []
    for layer, base in zip(network.layers, baseline.layers, strict=True):
        if sorted(layer.neurons) == sorted(base.neurons):
            continue
        if layer.kind == "hidden":
            said.append(f"neurons of layer {shown(layer.name)} have other names in the baseline: by position")
            continue
        odd = sorted(set(layer.neurons) ^ set(base.neurons))[:5]
        names = ", ".join(shown(name, 40) for name in odd)
        raise _refused(f"the baseline's {layer.kind} layer has other neurons: {names}")
    for key, noun in (("data_sha256", "data"), ("model_sha256", "model")):
        if network.provenance.get(key) != baseline.provenance.get(key):
            said.append(f"the baseline is of another {noun}")
    return said


def _refused(detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field="baseline")])


def _matched(network: FlowNetwork, baseline: FlowNetwork) -> Iterator[tuple[Edges, Edges]]:
    """Each link's edges beside the baseline's, these in the order of the network's neurons."""
    orders = [_order(a.neurons, b.neurons) for a, b in zip(network.layers, baseline.layers, strict=True)]
    for head, base in zip(network.edges, baseline.edges, strict=True):
        at = np.ix_(orders[head.source], orders[head.consumer])
        cut = {name: getattr(base, name)[at] for name in ("mi", "se", "saturated", "lower_bound")}
        yield head, replace(base, **cut)


def _order(names: tuple[str, ...], others: tuple[str, ...]) -> list[int]:
    if sorted(names) != sorted(others) or len(set(others)) != len(others):
        return list(range(len(names)))
    place = {name: i for i, name in enumerate(others)}
    return [place[name] for name in names]


def _compared(head: Edges, base: Edges) -> tuple[Floats, Floats, Bools]:
    """Of each edge: the change in nats, its two-sided p, and whether both values are resolved."""
    change = np.nan_to_num(head.mi - base.mi)
    error = np.nan_to_num(np.hypot(head.se, base.se))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(error > 0, np.abs(change) / error, np.where(change != 0, np.inf, 0.0))
    return change, 2 * ndtr(-z), ~(unresolved(head) | unresolved(base))


def _edge(network: FlowNetwork, pairs: list[tuple[Edges, Edges]], at: int) -> Edge:
    for head, base in pairs:
        if at < head.mi.size:
            i, k = (int(v) for v in np.unravel_index(at, head.mi.shape))
            return edge(network, head, i, k, baseline_mi=number(float(base.mi[i, k])))
        at -= head.mi.size
    raise IndexError(at)
