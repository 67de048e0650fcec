"""The strongest decision paths from an input to an output, hop by hop."""

from dataclasses import dataclass

from estimator.graph.paths import Path, strongest_overall
from estimator.network import FlowNetwork
from service.report.names import NeuronNames
from service.report.text import number

LARGEST_PATHS = 12


@dataclass(frozen=True)
class PathLine:
    """names: the neurons from input to output; hops: nif of each link between them."""

    names: tuple[str, ...]
    hops: tuple[str, ...]
    product: str


def strongest(network: FlowNetwork) -> list[Path]:
    return list(strongest_overall(network, LARGEST_PATHS)) if network.edges_kept else []


def path_line(path: Path, names: NeuronNames) -> PathLine:
    return PathLine(
        names=tuple(names.of_id(id) for id in path.neurons),
        hops=tuple(number(hop) for hop in path.nif),
        product=number(path.product),
    )
