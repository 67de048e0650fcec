"""A network in a file and back."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from estimator.errors import InvalidParameter
from estimator.network import FlowNetwork
from estimator.network_file import load_network, save_network
from tests.networks import probe, random_network
from tests.same import assert_same


def odd_network() -> FlowNetwork:
    """Values and names that get lost easily."""
    network = random_network(11, layers=4)
    edges = network.edges[0]
    odd = np.resize(
        np.array([5e-324, 1.7976931348623157e308, -0.0, 0.1 + 0.2, 2.0**53, np.nan]), edges.se.shape
    )
    method = edges.method.astype("<U12")
    method[0, 0] = "ksg"
    changed = replace(edges, se=odd, method=method, saturated=~edges.saturated)
    names = tuple(f"{i}\n\x00é\U0001f600\"'`" for i in range(network.layers[0].size))
    layers = (replace(network.layers[0], neurons=names, operators=("Gemm", "Relu"), meaning="x"),)
    return replace(
        network,
        edges=(changed, *network.edges[1:]),
        layers=layers + network.layers[1:],
        probes=(probe(network), probe(network, "age\t", 2)),
    )


def test_a_network_comes_back_equal_to_the_last_bit(tmp_path: Path) -> None:
    network = odd_network()
    save_network(network, tmp_path / "network.npz")
    assert_same(load_network(tmp_path / "network.npz"), network)


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    save_network(odd_network(), tmp_path / "a.npz")
    save_network(odd_network(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_numpy_reads_the_arrays_without_pickle(tmp_path: Path) -> None:
    network = odd_network()
    save_network(network, tmp_path / "network.npz")
    with np.load(tmp_path / "network.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["edges.0.mi"], network.edges[0].mi)


def test_what_is_no_network_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    save_network(odd_network(), path)
    whole = path.read_bytes()
    for damaged in (b"", b"PK", whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(damaged)
        with pytest.raises(InvalidParameter, match=r"network\.npz is not a network file"):
            load_network(path)


def test_a_lying_shape_a_pickle_and_a_missing_array_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    save_network(odd_network(), path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    np.save(tmp_path / "pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    huge = members["edges.0.mi.npy"].replace(b"'shape': (", b"'shape': (9", 1).replace(b" \n", b"\n", 1)
    lies = [
        members | {"edges.0.mi.npy": huge},
        members | {"edges.0.mi.npy": (tmp_path / "pickle.npy").read_bytes()},
        {name: data for name, data in members.items() if name != "edges.0.mi.npy"},
        members | {"header.json": members["header.json"].replace(b'"version": 1', b'"version": 2')},
    ]
    for lie in lies:
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in lie.items():
                archive.writestr(name, data)
        with pytest.raises(InvalidParameter):
            load_network(path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    save_network(odd_network(), path)
    before = path.read_bytes()
    bad = replace(odd_network(), provenance={"not": "finite", "value": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_network(bad, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["network.npz"]
