"""A flow network taken apart into plain JSON values and arrays by name, and put together again.

What a file and a store keep of a network. Nothing is lost: dtypes, NaN and the sign of zero included.
"""

import io
from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from estimator.network import (
    Edges,
    FlowNetwork,
    GivenTarget,
    Layer,
    NeuronFacts,
    Probe,
    ProbeLayer,
    Stratum,
)

VERSION = 1
Arrays = dict[str, NDArray[Any]]
Header = dict[str, Any]

_FACTS = ("mean", "sd", "zeros", "distinct", "histogram", "histogram_edges", "constant")
_EDGES = ("mi", "se", "ci_low", "ci_high", "p_value", "q_value", "ceiling", "saturated", "lower_bound")
_PROBE = ("mi", "se", "ci_low", "ci_high", "p_value", "q_value", "saturated", "lower_bound")


def pack(network: FlowNetwork) -> tuple[Header, Arrays]:
    """A network as plain JSON values and arrays by name; `unpack` is the inverse."""
    methods: Arrays = {}
    method_names = []
    for n, edges in enumerate(network.edges):
        names, codes = _coded(edges.method)
        method_names.append({"dtype": edges.method.dtype.str, "names": names})
        methods[f"edges.{n}.method"] = codes
    header: Header = {
        "version": VERSION,
        "beta": network.beta,
        "alpha": network.alpha,
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "level": layer.level,
                "neurons": list(layer.neurons),
                "operators": list(layer.operators),
                "meaning": layer.meaning,
            }
            for layer in network.layers
        ],
        "edges": [
            {"source": edges.source, "consumer": edges.consumer, "method": method}
            for edges, method in zip(network.edges, method_names, strict=True)
        ],
        "probes": [
            {
                "name": probe.name,
                "kind": probe.kind,
                "levels": [list(level) for level in probe.levels],
                "layers": [values.layer for values in probe.values],
                **_given_target_header(probe.given_target),
            }
            for probe in network.probes
        ],
        "provenance": dict(network.provenance),
    }
    arrays: Arrays = {}
    for n, (facts, redundancy) in enumerate(zip(network.facts, network.redundancy, strict=True)):
        arrays[f"layers.{n}.redundancy"] = redundancy
        arrays |= {f"layers.{n}.{name}": getattr(facts, name) for name in _FACTS}
    for n, edges in enumerate(network.edges):
        arrays |= {f"edges.{n}.{name}": getattr(edges, name) for name in _EDGES}
    for n, probe in enumerate(network.probes):
        for m, values in enumerate(probe.values):
            arrays |= {f"probes.{n}.{m}.{name}": getattr(values, name) for name in _PROBE}
        for m, values in enumerate(probe.given_target.values if probe.given_target else ()):
            arrays |= {f"probes.{n}.given_target.{m}.{name}": getattr(values, name) for name in _PROBE}
    return header, arrays | methods


def unpack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> FlowNetwork:
    """Raises KeyError or TypeError if something is missing."""
    layers = tuple(
        Layer(
            index=n,
            name=layer["name"],
            kind=layer["kind"],
            level=layer["level"],
            neurons=tuple(layer["neurons"]),
            operators=tuple(layer["operators"]),
            meaning=layer["meaning"],
        )
        for n, layer in enumerate(header["layers"])
    )
    edges = tuple(
        Edges(
            source=e["source"],
            consumer=e["consumer"],
            method=np.array(e["method"]["names"], dtype=e["method"]["dtype"])[arrays[f"edges.{n}.method"]],
            **{name: arrays[f"edges.{n}.{name}"] for name in _EDGES},
        )
        for n, e in enumerate(header["edges"])
    )
    probes = tuple(
        Probe(
            name=probe["name"],
            kind=probe["kind"],
            levels=tuple((str(level), int(count)) for level, count in probe["levels"]),
            values=tuple(
                ProbeLayer(layer=layer, **{name: arrays[f"probes.{n}.{m}.{name}"] for name in _PROBE})
                for m, layer in enumerate(probe["layers"])
            ),
            given_target=_given_target(n, probe.get("given_target"), arrays),
        )
        for n, probe in enumerate(header["probes"])
    )
    return FlowNetwork(
        layers=layers,
        edges=edges,
        facts=tuple(
            NeuronFacts(**{name: arrays[f"layers.{n}.{name}"] for name in _FACTS}) for n in range(len(layers))
        ),
        redundancy=tuple(arrays[f"layers.{n}.redundancy"] for n in range(len(layers))),
        beta=header["beta"],
        alpha=header["alpha"],
        probes=probes,
        provenance=header["provenance"],
    )


def _coded(method: NDArray[np.str_]) -> tuple[list[str], NDArray[np.uint8]]:
    """The distinct names, sorted, and of each element the position of its name; row by row."""
    names = np.unique(np.concatenate([np.unique(row) for row in method] or [method.ravel()]))
    codes = np.empty(method.shape, dtype=np.uint8)
    for row, code in zip(method, codes, strict=True):
        code[...] = np.searchsorted(names, row)
    return names.tolist(), codes


def _given_target_header(given: GivenTarget | None) -> Header:
    """The member `given_target` of a probe; absent where there is none, as in a file of an older version."""
    if given is None:
        return {}
    strata = [[stratum.level, stratum.rows, stratum.measured] for stratum in given.strata]
    layers = [values.layer for values in given.values]
    return {"given_target": {"target": given.target, "strata": strata, "layers": layers}}


def _given_target(
    n: int, header: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]
) -> GivenTarget | None:
    if header is None:
        return None
    return GivenTarget(
        target=header["target"],
        strata=tuple(Stratum(str(level), int(rows), bool(done)) for level, rows, done in header["strata"]),
        values=tuple(
            ProbeLayer(
                layer=layer, **{name: arrays[f"probes.{n}.given_target.{m}.{name}"] for name in _PROBE}
            )
            for m, layer in enumerate(header["layers"])
        ),
    )


def array_bytes(values: NDArray[Any]) -> bytes:
    """The array in numpy's .npy form."""
    return b"".join(array_blocks(values, max(1, values.nbytes)))


def array_blocks(values: NDArray[Any], size: int) -> Iterator[bytes]:
    """The same bytes in blocks of `size`, the last one shorter; the npy header is never cut."""
    header = io.BytesIO()
    values = np.ascontiguousarray(values)
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(values))
    data = values.reshape(-1).view(np.uint8).data if values.size else memoryview(b"")
    room = max(0, size - header.tell())
    yield header.getvalue() + bytes(data[:room])
    for start in range(room, len(data), size):
        yield bytes(data[start : start + size])


def array_of(data: bytes) -> NDArray[Any]:
    """The inverse of `array_bytes`. Raises ValueError unless the bytes are exactly what the header says."""
    buffer = io.BytesIO(data)
    if np.lib.format.read_magic(buffer) != (1, 0):
        raise ValueError("an array is in another version of the npy format")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(buffer)
    if dtype.hasobject or dtype.kind not in "fiub" or fortran_order:
        raise ValueError(f"an array is of type {dtype}")
    rest = data[buffer.tell() :]
    if len(rest) != dtype.itemsize * int(np.prod([int(side) for side in shape], dtype=object)):
        raise ValueError(f"an array of shape {shape} has {len(rest)} bytes")
    return cast(NDArray[Any], np.frombuffer(rest, dtype=dtype).reshape(shape).copy())
