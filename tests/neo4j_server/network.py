"""A network with everything that Browser shows apart: communities, silent neurons, a probe, a skip."""

from dataclasses import replace
from typing import Any

import numpy as np

from estimator.network import FlowNetwork
from tests.networks import flow_network, probe

NAMES = (("age", "income", "sex"), ("h0", "h1", "h2", "h3"), ("no", "yes"))
FLOW: dict[tuple[int, int], Any] = {
    (0, 1): [[0.9, 0.0, 0.0, 0.0], [0.1, 0.6, 0.0, 0.0], [0.0, 0.3, 0.0, 0.0]],
    (1, 2): [[0.8, 0.0], [0.02, 1.4], [0.0, 0.0], [0.0, 0.0]],
    (0, 2): [[0.0, 0.0], [0.0, 0.0], [0.0, 0.07]],
}


def browsable_network() -> FlowNetwork:
    """3-4-2 with a skip connection: h2 is constant, h3 is uninformative, `no` and `yes` lie apart."""
    network = flow_network([3, 4, 2], FLOW, names=NAMES)
    hidden = replace(network.facts[1], constant=np.array([False, False, True, False]))
    network = replace(network, facts=(network.facts[0], hidden, network.facts[2]))
    return replace(network, probes=(probe(network, "religion"),))
