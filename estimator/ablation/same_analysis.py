"""Are this model, this table and these options those that the network was made of?"""

import hashlib
from dataclasses import replace

from estimator.data.names import listed
from estimator.data.table import Table
from estimator.errors import InvalidParameter, Place
from estimator.model.selection import Selection
from estimator.network import FlowNetwork
from estimator.options import Options


def check_same_analysis(network: FlowNetwork, model: bytes, table: Table) -> None:
    """Raises InvalidParameter naming what differs, with both sha256."""
    given = {"model": hashlib.sha256(model).hexdigest(), "data": table.sha256}
    wrong = []
    for noun, found in given.items():
        recorded = network.provenance.get(f"{noun}_sha256")
        if recorded != found:
            detail = (
                f"the network was made of another {noun}: it records the sha256 {recorded}, and the {noun} "
                f"given has {found}; give the {noun} that it was made of, or analyse this one"
            )
            wrong.append(Place(detail, field=noun))
    if wrong:
        raise InvalidParameter("; ".join(place.detail for place in wrong), errors=wrong)


def check_same_layers(network: FlowNetwork, selected: Selection) -> None:
    """Raises InvalidParameter where the options select other layers or neurons than the network has."""
    found = [(layer.name, layer.size) for layer in selected.measured.layers]
    recorded = [(layer.name, layer.size) for layer in network.layers]
    if found != recorded:
        detail = (
            f"the network has the layers {listed((f'{n} ({s})' for n, s in recorded), 8)}, and the options "
            f"select {listed((f'{n} ({s})' for n, s in found), 8)}; give the options of its analysis "
            "(layers, sample_neurons, seed)"
        )
        raise InvalidParameter(detail, errors=[Place(detail, field="layers")])


def with_target(analysis: Options, target: str | None) -> Options:
    """The options with this column as the target; the one before stays a probe, so that no column is left."""
    if target is None or target == analysis.target:
        return analysis
    before = () if analysis.target is None else (analysis.target,)
    probes = tuple(name for name in (*before, *analysis.probes) if name != target)
    return replace(analysis, target=target, probes=probes)
