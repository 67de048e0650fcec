"""Constant channels into the next bias: what a node that sums over them got from them, it gets from there."""

import numpy as np
from numpy.typing import NDArray

from estimator.pruning.constants import Constants
from estimator.pruning.node_view import NodeView

Floats = NDArray[np.float64]


def contribution(
    view: NodeView, slot: int, indices: NDArray[np.int64], values: Floats, constants: Constants
) -> Floats:
    """What these channels, at these values (one an index), add to the node's result.

    Broadcasts to the result: (made,), or (made, 1) for W X. Of a Conv it holds where no border is padded.
    """
    if view.operator == "Gemm":
        W = constants[view.node.input[1]].astype(np.float64)
        W = W.T if view.attribute("transB", 0) else W
        return np.asarray(view.attribute("alpha", 1.0) * (values @ W[indices]))
    if view.operator == "MatMul":
        W = constants[view.node.input[1 - slot]].astype(np.float64)
        return np.asarray(values @ W[indices] if slot == 0 else (W[:, indices] @ values)[:, None])
    W = constants[view.node.input[1]].astype(np.float64)
    return np.asarray(W[:, indices].sum(axis=tuple(range(2, W.ndim))) @ values)


def is_exact(view: NodeView, values: Floats) -> bool:
    """Whether constant channels of these values can be folded into the node's bias."""
    if not values.any():
        return True
    if view.operator == "Conv":
        padded = view.attribute("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID", "NOTSET", "VALID")
        return not padded and not any(view.attribute("pads", []))
    return view.operator in ("Gemm", "MatMul")
