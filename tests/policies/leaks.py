"""Networks with a planted leak of known size.

The attribute is a fair coin, the planted neuron is its copy with a share `flips` of the rows turned over: a
binary symmetric channel, I = ln 2 - H(flips) nats, whose estimate from n rows has the standard error
sqrt(flips (1 - flips) / n) ln((1 - flips) / flips), the pointwise information having two values.
"""

import math

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from estimator.data.probe_columns import ProbeColumn
from estimator.network import FlowNetwork, Layer
from estimator.neurons import neuron_facts
from estimator.options import Options
from estimator.probes import measure_probes

ROWS, NEURONS, PLANTED = 1500, 4, 2


def leaked(flips: float) -> float:
    """I(attribute; planted neuron) in nats."""
    return math.log(2) + flips * math.log(flips) + (1 - flips) * math.log(1 - flips)


def standard_error(flips: float, rows: int = ROWS) -> float:
    return math.sqrt(flips * (1 - flips) / rows) * math.log((1 - flips) / flips)


def leaking_network(flips: float, seed: int, rows: int = ROWS) -> FlowNetwork:
    """One output layer of NEURONS neurons, of which PLANTED hears of `sex`; the others are noise."""
    random = np.random.default_rng(seed)
    sex = random.integers(0, 2, rows)
    X = random.normal(size=(rows, NEURONS))
    X[:, PLANTED] = flipped(random, sex, flips)
    return _network([_column("sex", sex)], X, Options(probes=("sex",), device="cpu", seed=seed))


def explained_network(flips: float, seed: int, rows: int = ROWS) -> FlowNetwork:
    """As above, but the planted neuron and `sex` are both copies of the target: it explains all of it."""
    random = np.random.default_rng(seed)
    target = random.integers(0, 2, rows)
    X = random.normal(size=(rows, NEURONS))
    X[:, PLANTED] = flipped(random, target, flips)
    columns = [_column("target", target), _column("sex", flipped(random, target, flips))]
    return _network(columns, X, Options(target="target", probes=("sex",), device="cpu", seed=seed))


def flipped(random: np.random.Generator, bits: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """The bits with that share of them turned over."""
    return np.where(random.random(len(bits)) < share, 1 - bits, bits)


def _column(name: str, bits: NDArray[np.int64]) -> ProbeColumn:
    levels = (("F", int((bits == 0).sum())), ("M", int(bits.sum())))
    return ProbeColumn(name, "categorical", bits.astype(np.float64), levels)


def _network(columns: list[ProbeColumn], X: NDArray[np.float64], options: Options) -> FlowNetwork:
    names = tuple(f"out.{i}" for i in range(NEURONS))
    return FlowNetwork(
        layers=(Layer(index=0, name="out", kind="output", level=0, neurons=names),),
        edges=(),
        facts=(neuron_facts(X),),
        redundancy=(np.zeros(NEURONS),),
        beta=0.5,
        alpha=0.05,
        probes=measure_probes(columns, [X], options),
        provenance={"rows": len(X), "estimator": "convex", "seed": options.seed},
    )


def planted_model() -> bytes:
    """Three features into three hidden neurons, the second of which is the feature `copy`; the two outputs
    are made of the others alone.
    """
    W = np.array([[1.0, 0.0, -0.5], [0.0, 1.0, 0.0], [0.5, 0.0, 1.0]], dtype=np.float32)
    V = np.array([[1.0, -1.0], [0.0, 0.0], [-0.5, 0.8]], dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["a"]),
        helper.make_node("Tanh", ["a"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "V"], ["b"]),
        helper.make_node("Sigmoid", ["b"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "planted",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(W, "W"), numpy_helper.from_array(V, "V")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def planted_table(flips: float, seed: int, rows: int = ROWS) -> bytes:
    """Columns u, copy, v and sex; `copy` is sex with that share of the rows turned over."""
    random = np.random.default_rng(seed)
    sex = random.integers(0, 2, rows)
    copy = flipped(random, sex, flips)
    u, v = random.normal(size=(2, rows))
    lines = [f"{a:.6f},{c},{b:.6f},{'MF'[s]}" for a, c, b, s in zip(u, copy, v, sex, strict=True)]
    return "\n".join(["u,copy,v,sex", *lines, ""]).encode()
