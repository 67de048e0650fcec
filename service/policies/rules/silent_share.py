"""silent-share: at most such a share of the neurons is silent.

Silent is constant (never fires, or one value) or uninformative (no significant edge), as DESIGN 1.7 counts at
the network's alpha. A count has no interval: it passes or fails, and cannot be told where nothing is counted.
"""

from dataclasses import dataclass
from typing import ClassVar

from service.policies.evidence import Evidence
from service.policies.fields import Amount, Choice, Layers
from service.policies.finding import MOST_NAMED, Finding, neuron
from service.policies.rules.rule import Rule
from service.report.text import count, percent


@dataclass(frozen=True, kw_only=True)
class SilentShare(Rule):
    """max: a share from 0 to 1. count: which kind of silence."""

    max: float
    layers: str | tuple[str, ...] = "hidden"
    count: str = "any"

    kind: ClassVar = "silent-share"
    summary: ClassVar = "At most a share `max` of the neurons of these layers is silent"
    options: ClassVar = {
        "max": Amount(0, 1, required=True, metadata={"description": "A share: 20 % is 0.2"}),
        "layers": Layers(metadata={"description": "outputs, hidden, inputs, all, or a list of names"}),
        "count": Choice("any", "constant", "uninformative", metadata={"description": "Default: any"}),
    }

    def judge(self, evidence: Evidence) -> Finding:
        network, chosen = evidence.network, evidence.layers(self.layers)
        total = sum(layer.size for layer in chosen)
        silent = [
            (layer.index, i)
            for layer in chosen
            for i, how in enumerate(network.silent[layer.index])
            if how is not None and self.count in ("any", how)
        ]
        share = len(silent) / total
        kind = "silent" if self.count == "any" else self.count
        return Finding(
            verdict="pass" if share <= self.max else "fail",
            reason=f"{len(silent):,} of {count(total, 'neuron')} ({percent(share)}) "
            f"{'is' if len(silent) == 1 else 'are'} {kind}, the limit is {percent(self.max)}",
            measured=share,
            limit=self.max,
            unit="share",
            neurons=tuple(neuron(network, *at) for at in silent[:MOST_NAMED]),
            more=max(0, len(silent) - MOST_NAMED),
        )
