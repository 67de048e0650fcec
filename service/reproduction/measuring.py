"""One trained network measured, by each estimator.

1. Analysed by both estimators: where they agree, what a claim misses is not the estimate's fault.
2. Cut: the neurons that are always 0, the others, and those that each estimator says carry nothing.
3. Attributions: SHAP and Integrated Gradients once; NIF and the MI that they are compared with, by each
   estimator.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from estimator.analysis import analyze
from estimator.comparison import Comparison, ComparisonOptions, compare
from estimator.comparison.agreement import nearness
from estimator.comparison.options import Method
from estimator.data.read import read_table
from estimator.network import FlowNetwork
from estimator.network_file import save_network
from estimator.options import Estimator, Options
from service.reproduction.cutting import (
    dead_neurons,
    hidden_neurons,
    measure_cuts,
    silent_neurons,
    zero_flow_neurons,
)
from service.reproduction.data import Data
from service.reproduction.run import CUTS, ESTIMATORS, METHODS

EXPLAINED_ROWS = 50  # that SHAP and Integrated Gradients explain, of as many of background


def measure(model: bytes, data: Data, folder: Path, name: str, tell: Callable[[], None]) -> dict[str, Any]:
    """Plain JSON values; the networks are left in files of `folder` named NAME.ESTIMATOR.nif.

    tell: called after each of STEPS pieces.
    """
    table = read_table(data.file)
    options = {e: Options(estimator=e, target=data.target, device="cpu") for e in ESTIMATORS}
    networks: dict[Estimator, FlowNetwork] = {}
    for estimator in ESTIMATORS:
        networks[estimator] = analyze(model, table, options[estimator])
        save_network(networks[estimator], folder / f"{name}.{estimator}.nif")
        tell()
    first = networks[ESTIMATORS[0]]
    dead = dead_neurons(first)
    sets = {"dead": dead, "remaining": tuple(n for n in hidden_neurons(first) if n not in dead)}
    for estimator, network in networks.items():
        sets[f"{estimator} silent"] = silent_neurons(network)
        sets[f"{estimator} zero-flow"] = zero_flow_neurons(network)
        sets[f"{estimator} zero-mi"] = zero_flow_neurons(network.at_beta(0))
    before, cuts = measure_cuts(model, table, first, options[ESTIMATORS[0]], sets)
    tell()
    compared = {}
    for number, estimator in enumerate(ESTIMATORS):
        methods: tuple[Method, ...] = METHODS if number == 0 else ("nif", "mi")
        asked = ComparisonOptions(
            methods=methods,
            deletion=False,
            rows=EXPLAINED_ROWS,
            background=EXPLAINED_ROWS,
        )
        compared[estimator] = compare(model, table, networks[estimator], options[estimator], asked)
        tell()
    return {
        "before": before.as_dict(),
        "without_dead": cuts["dead"].as_dict(),
        "without_remaining": cuts["remaining"].as_dict(),
        "by": {
            estimator: {
                "cuts": {what: cuts[f"{estimator} {what}"].as_dict() for what in CUTS},
                **_attributed(compared[ESTIMATORS[0]], compared[estimator]),
            }
            for estimator in ESTIMATORS
        },
    }


STEPS = 2 * len(ESTIMATORS) + 1


def _attributed(everything: Comparison, own: Comparison) -> dict[str, Any]:
    """The attributions, NIF's and MI's by the estimator of `own`, held against its MI with the classes."""
    shares = {m.method: m.shares for m in (*everything.methods, *own.methods)}
    classes = next(r.shares for r in own.references if r.method == "classes")
    found = {}
    for method in METHODS:
        near = nearness(method, shares[method], "classes", classes)
        found[method] = {
            "shares": shares[method].tolist(),
            "statistic": near.statistic,
            "p_value": near.p_value,
            "distance": near.distance,
        }
    return {"attributed": found, "classes": classes.tolist()}
