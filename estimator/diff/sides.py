"""One of the two analyses of a diff."""

from dataclasses import dataclass

from estimator.data.table import Table
from estimator.network import FlowNetwork
from estimator.options import ColumnsBy, Options


@dataclass(frozen=True)
class Side:
    """network: what the analysis found. model: the ONNX file; table: the rows; analysis: its options.

    Only the network is needed. With both sides' models and one side's table, neurons can be matched by their
    activations. analysis: what the network's own record says, if it is None.
    """

    network: FlowNetwork
    model: bytes | None = None
    table: Table | None = None
    analysis: Options | None = None

    def options(self) -> Options:
        """The options that decide which columns are inputs and which neurons were measured."""
        if self.analysis is not None:
            return self.analysis
        said = self.network.provenance
        target = said.get("target")
        columns_by: ColumnsBy = "position" if said.get("columns_by") == "position" else "name"
        return Options(
            target=target,
            probes=tuple(name for name in said.get("probes", ()) if name != target),
            columns_by=columns_by,
            seed=int(said.get("seed", 0)),
            layers=tuple(said.get("layers", ())),
            sample_neurons=said.get("sample_neurons"),
            inputs={name: tuple(columns) for name, columns in said.get("inputs", {}).items()},
        )
