"""Attribution of each input to each output (DESIGN 1.4) as a table of coloured cells with their numbers."""

from dataclasses import dataclass

import numpy as np

from estimator.graph.attribution import attributions
from estimator.network import FlowNetwork
from service.report.names import NeuronNames
from service.report.palette import amount
from service.report.text import number

LARGEST_INPUTS, LARGEST_OUTPUTS = 40, 24


@dataclass(frozen=True)
class Cell:
    text: str
    color: str
    light_text: bool


@dataclass(frozen=True)
class HeatRow:
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Heatmap:
    """shown: what is shown of what there is, empty where it is all."""

    outputs: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    largest: str
    shown: str


def attribution_heatmap(network: FlowNetwork, names: NeuronNames) -> Heatmap:
    found = attributions(network)
    inputs = _strongest(found.values.sum(axis=1), LARGEST_INPUTS)
    outputs = _strongest(found.values.sum(axis=0), LARGEST_OUTPUTS)
    largest = float(found.values.max(initial=0.0))
    rows = tuple(
        HeatRow(
            name=names.of_id(found.inputs[i]),
            cells=tuple(_cell(float(found.values[i, j]), largest) for j in outputs),
        )
        for i in inputs
    )
    parts = [
        f"{len(few)} of {size:,} {word}"
        for few, size, word in (
            (inputs, len(found.inputs), "inputs"),
            (outputs, len(found.outputs), "outputs"),
        )
        if len(few) < size
    ]
    return Heatmap(
        outputs=tuple(names.of_id(found.outputs[j]) for j in outputs),
        rows=rows,
        largest=number(largest),
        shown=" and ".join(parts) + " shown, those with the largest sums" if parts else "",
    )


def _strongest(sums: np.ndarray[tuple[int], np.dtype[np.float64]], limit: int) -> list[int]:
    """The positions of the largest sums, in their own order."""
    return sorted(int(i) for i in np.argsort(-sums, kind="stable")[:limit])


def _cell(value: float, largest: float) -> Cell:
    color, light_text = amount(value / largest if largest > 0 else 0.0)
    return Cell(number(value), color, light_text)
