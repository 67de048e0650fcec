"""Names that try to be something else."""

from dataclasses import replace

import numpy as np

from estimator.network import FlowNetwork
from tests.networks import flow_network, probe

NAMES = (
    "</script><img src=x onerror=alert(1)>", "<b>bold</b>", "&lt;b&gt;", "a\x00\x1b]0;x\x07\r\n",
    "\u202eevil", "م" * 8, "x" * 10_000, "$x^2$ %{x} {{ 7*7 }}", "\ud800", "", "  ", "same", "same",
    '<a href="javascript:alert(2)">link</a>', "'\"", "</title><style>*{display:none}</style>", "<!--", "]]>",
)  # fmt: skip
TITLE = "</title><script>alert(3)</script>\u202e&amp;"


def hostile() -> FlowNetwork:
    """Every name, level, warning and recorded value of the network is hostile."""
    flow = np.random.default_rng(0).uniform(0.1, 1, (len(NAMES), 3))
    network = flow_network((len(NAMES), 3), {(0, 1): flow}, names=(NAMES, NAMES[:3]))
    asked = replace(probe(network), name=NAMES[0], levels=((NAMES[0], 75), (NAMES[1], 75)))
    provenance = {
        **network.provenance, "warnings": list(NAMES), NAMES[0]: NAMES[0], "parameters": {NAMES[1]: NAMES},
        "device": NAMES[4],
    }  # fmt: skip
    layers = tuple(replace(layer, name=NAMES[0]) for layer in network.layers)
    return replace(network, layers=layers, probes=(asked,), provenance=provenance)
