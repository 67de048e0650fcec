"""probe-information: no neuron of some layers carries more than so much about a probe.

The upper end of each neuron's 95 % interval counts: pass where all are at most `max`, fail where the lower
end of one is above it, else cannot tell. An estimate that is saturated or a lower bound has no upper end.
With `given_target` it is the information that is left when the target is known, I(P; N | T). Strata too small
to be measured, a share s of the rows, can hold at most ln K nats each about a probe of K categories: the
interval [low, high] then becomes [(1 - s) low, (1 - s) high + s ln K], and `left_out` says how large an s the
policy accepts at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from estimator.network import Probe, ProbeLayer
from service.policies.evidence import Evidence
from service.policies.fields import Amount, Flag, Layers, Text
from service.policies.finding import MOST_NAMED, Finding, Unknown, Verdict, neuron, unresolved
from service.policies.rules.rule import Rule
from service.report.text import count, interval, number, percent, shown

Place = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class ProbeInformation(Rule):
    """probe: the column. max: nats. left_out: share of rows in strata too small to be measured."""

    probe: str
    max: float
    layers: str | tuple[str, ...] = "outputs"
    given_target: bool = False
    left_out: float = 0.0

    kind: ClassVar = "probe-information"
    summary: ClassVar = "No neuron of these layers carries more than `max` nats about a probe"
    options: ClassVar = {
        "probe": Text(required=True, metadata={"description": "A column of the data that is no model input"}),
        "max": Amount(
            0, None, required=True, metadata={"description": "Nats; the upper end of the interval counts"}
        ),
        "layers": Layers(metadata={"description": "outputs, hidden, inputs, all, or a list of names"}),
        "given_target": Flag(metadata={"description": "Judge what is left when the target is known"}),
        "left_out": Amount(
            0, 1, metadata={"description": "With given_target: share of rows that may be in strata too small"}
        ),
    }

    @property
    def probes(self) -> tuple[str, ...]:
        return (self.probe,)

    def judge(self, evidence: Evidence) -> Finding:
        probe = evidence.probe(self.probe)
        chosen = evidence.layers(self.layers)
        values, share = self._given_target(evidence, probe) if self.given_target else (probe.values, 0.0)
        by_layer = {v.layer: v for v in values}
        about = [(layer.index, by_layer[layer.index]) for layer in chosen if layer.index in by_layer]
        places = [(index, i) for index, v in about for i in range(v.mi.size)]
        if not places:
            raise Unknown(f"nothing is known of {shown(self.probe)} in these layers")
        constant = np.concatenate([evidence.network.facts[index].constant for index, _ in about])
        if constant.all():
            raise Unknown(
                "all neurons of these layers have one value on these rows: nothing could be measured"
            )
        return self._finding(evidence, probe, about, places, share)

    def _given_target(self, evidence: Evidence, probe: Probe) -> tuple[Sequence[ProbeLayer], float]:
        given = probe.given_target
        if given is None:
            raise Unknown(
                f"the analysis has no information about {shown(probe.name)} given the target: this needs a "
                "categorical target, and a probe that is another column"
            )
        share = given.share_left_out
        if share > self.left_out:
            small = [s for s in given.strata if not s.measured]
            named = ", ".join(f"{shown(s.level, 30)} ({count(s.rows, 'row')})" for s in small[:5])
            raise Unknown(
                f"{count(len(small), 'stratum', 'strata')} of {shown(given.target)}, {percent(share)} of the "
                f"rows, too small to be measured: {named}"
            )
        return given.values, share

    def _finding(
        self,
        evidence: Evidence,
        probe: Probe,
        about: Sequence[tuple[int, ProbeLayer]],
        places: Sequence[Place],
        share: float,
    ) -> Finding:
        low, high, mi = (
            np.concatenate([getattr(v, n) for _, v in about]) for n in ("ci_low", "ci_high", "mi")
        )
        open_ended = np.concatenate([unresolved(v) for _, v in about])
        most = math.log(len(probe.levels)) if probe.levels else math.inf
        low, mi = (1 - share) * low, (1 - share) * mi
        high = (1 - share) * high + (share * most if share else 0.0)
        above, below = low > self.max, (high <= self.max) & ~open_ended
        verdict: Verdict
        if above.any():
            verdict, decisive = "fail", np.flatnonzero(above)
            order = decisive[np.argsort(-low[decisive], kind="stable")]
        elif below.all():
            verdict, decisive = "pass", np.array([int(np.argmax(high))])
            order = decisive
        else:
            verdict, decisive = "cannot tell", np.flatnonzero(~below)
            order = decisive[np.argsort(-high[decisive], kind="stable")]
        first = int(order[0])
        values = dict(about)
        ends = (float(low[first]), float(high[first]))
        return Finding(
            verdict=verdict,
            reason=self._reason(
                verdict, len(order), len(places), float(mi[first]), ends, bool(open_ended[first])
            ),
            measured=float(mi[first]),
            low=ends[0],
            high=None if open_ended[first] else ends[1],
            limit=self.max,
            unit="nats",
            neurons=tuple(
                neuron(evidence.network, *places[int(i)], values[places[int(i)][0]])
                for i in order[:MOST_NAMED]
            ),
            more=max(0, len(order) - MOST_NAMED),
        )

    def _reason(
        self, verdict: Verdict, deciding: int, of: int, mi: float, ends: tuple[float, float], open_ended: bool
    ) -> str:
        what = f"about {shown(self.probe)}" + (" given the target" if self.given_target else "")
        limit = f"{self.max:.12g}"
        at_least = "at least " if open_ended else ""
        most = f"{at_least}{number(mi, threshold=self.max)} nats ({interval(*ends)})"
        deciders = f"{count(deciding, 'neuron')} of {of:,}"
        if verdict == "fail":
            carry = "carries" if deciding == 1 else "carry"
            return f"{deciders} {carry} more than {limit} nats {what}, the first {most}"
        if verdict == "pass":
            none = f"none of {count(of, 'neuron')} carries more than {limit} nats {what}"
            return f"{none}: the highest upper end is {number(ends[1], threshold=self.max)}"
        if open_ended:
            why = "the estimate is at its ceiling, or a lower bound: read at least"
        else:
            why = "the interval straddles the limit"
        return f"{deciders} may carry more than {limit} nats {what}, the first {most}: {why}"
