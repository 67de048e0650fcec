"""Models that no exporter makes: one function a kind, each with the answer that it must get.

`HOSTILE[name]` is a `Hostile`: what makes the bytes, the error's slug, and what the error must mention.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.models.graphs import matrix, model, node, plain


@dataclass(frozen=True)
class Hostile:
    make: Callable[[], bytes]
    slug: str
    mentions: tuple[str, ...]


HOSTILE: dict[str, Hostile] = {}
Maker = Callable[[], bytes | onnx.ModelProto]


def hostile(slug: str, *mentions: str) -> Callable[[Maker], Maker]:
    def add(make: Maker) -> Maker:
        def as_bytes() -> bytes:
            made = make()
            return made if isinstance(made, bytes) else made.SerializeToString()

        HOSTILE[make.__name__] = Hostile(as_bytes, f"{slug}", mentions)
        return make

    return add


# -- external data -------------------------------------------------------------------------------------------


def outside(tensor: onnx.TensorProto, **entries: str) -> onnx.TensorProto:
    """The same tensor with its numbers in a file."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def with_outside(**entries: str) -> onnx.ModelProto:
    proto = plain()
    outside(proto.graph.initializer[0], **entries)
    return proto


def weight(name: str = "w") -> onnx.TensorProto:
    return helper.make_tensor(name, TensorProto.FLOAT, [4, 4], matrix(4, 4).tobytes(), raw=True)


def sparse(name: str, **entries: str) -> onnx.SparseTensorProto:
    values = outside(helper.make_tensor(name, TensorProto.FLOAT, [1], b"\0\0\0\0", raw=True), **entries)
    indices = helper.make_tensor("", TensorProto.INT64, [1], [0])
    return onnx.SparseTensorProto(values=values, indices=indices, dims=[4, 4])


@hostile("invalid-model", "hidden.weight", "external data")
def ext_rel() -> onnx.ModelProto:
    return with_outside(location="w.bin")


@hostile("invalid-model", "hidden.weight", "external data")
def ext_mid() -> onnx.ModelProto:
    return with_outside(location="a/../../w.bin")


@hostile("invalid-model", "hidden.weight", "external data")
def ext_abs() -> onnx.ModelProto:
    return with_outside(location="/etc/passwd")


@hostile("invalid-model", "hidden.weight", "external data")
def ext_missing() -> onnx.ModelProto:
    return with_outside()


@hostile("invalid-model", "hidden.weight", "external data")
def ext_neg() -> onnx.ModelProto:
    return with_outside(location="w.bin", length="-8")


@hostile("invalid-model", "hidden.weight", "external data")
def ext_bigoff() -> onnx.ModelProto:
    return with_outside(location="w.bin", offset=str(2**62))


@hostile("invalid-model", "hidden.weight", "external data")
def ext_ortmem() -> onnx.ModelProto:
    return with_outside(location="*/_ORT_MEM_ADDR_/*", offset="4096", length="80")


@hostile("invalid-model", "hidden.weight", "external data")
def ext_attributes() -> onnx.ModelProto:
    return with_outside(location="w.bin", __class__="x", basepath="/")


@hostile("invalid-model", "spx", "external data")
def spx_initializer() -> onnx.ModelProto:
    proto = plain()
    proto.graph.sparse_initializer.append(sparse("spx", location="w.bin"))
    return proto


@hostile("invalid-model", "external data")
def spx_constant() -> onnx.ModelProto:
    constant = helper.make_node("Constant", [], ["w"], sparse_value=sparse("spx", location="w.bin"))
    return model([constant, node("MatMul", "x w", "y")])


@hostile("invalid-model", "w", "external data")
def cst_rel() -> onnx.ModelProto:
    constant = helper.make_node("Constant", [], ["c"], value=outside(weight(), location="w.bin"))
    return model([constant, node("MatMul", "x c", "y")])


@hostile("invalid-model", "w", "external data")
def fn_cst_rel() -> onnx.ModelProto:
    proto = plain()
    body = [helper.make_node("Constant", [], ["o"], value=outside(weight(), location="w.bin"))]
    proto.functions.append(helper.make_function("local", "f", [], ["o"], body, [helper.make_opsetid("", 21)]))
    return proto


@hostile("invalid-model", "w", "external data")
def fn_default_rel() -> onnx.ModelProto:
    proto = plain()
    function = helper.make_function("local", "f", ["a"], ["a"], [], [helper.make_opsetid("", 21)])
    function.attribute_proto.append(helper.make_attribute("value", outside(weight(), location="w.bin")))
    proto.functions.append(function)
    return proto


@hostile("invalid-model", "inner", "external data")
def sub_init_rel() -> onnx.ModelProto:
    inner = outside(weight("inner"), location="w.bin")
    branch = helper.make_graph([node("Identity", "inner", "o")], "b", [], [_value("o")], [inner])
    choice = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    return model([choice], {"c": np.array(True)})


def _value(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)


# -- functions, loops, bombs ---------------------------------------------------------------------------------


def laughs(depth: int, *, empty: bool = False) -> onnx.ModelProto:
    """Function i calls function i - 1 twice; the first holds a Relu, or nothing."""
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)]
    proto = model([helper.make_node(f"f{depth}", ["x"], ["y"], domain="local", name="bomb")])
    proto.opset_import.append(helper.make_opsetid("local", 1))
    for i in range(depth + 1):
        calls = (
            [helper.make_node(f"f{i - 1}", [a], [b], domain="local") for a, b in (("a", "m"), ("m", "o"))]
            if i
            else [node("Relu", "a", "o")][: 0 if empty else 1]
        )
        proto.functions.append(helper.make_function("local", f"f{i}", ["a"], ["o"], calls, imports))
    return proto


@hostile("limit-exceeded", "unfolded_nodes")
def laughs_about_nothing() -> onnx.ModelProto:
    """Found by a fuzzer: no node at all comes of a thousand million calls."""
    return laughs(30, empty=True)


@hostile("limit-exceeded", "786,431", "unfolded_nodes")
def laughs_18() -> onnx.ModelProto:
    return laughs(18)


@hostile("limit-exceeded", "unfolded_nodes")
def laughs_30() -> onnx.ModelProto:
    return laughs(30)


@hostile("limit-exceeded", "unfolded_nodes")
def laughs_2000() -> onnx.ModelProto:
    return laughs(2000)


@hostile("unsupported-model")
def constant_without_output() -> onnx.ModelProto:
    proto = laughs(3)
    proto.graph.node.insert(0, helper.make_node("Constant", [], [], value_int=1))
    del proto.graph.node[1].input[:]
    return proto


@hostile("limit-exceeded", "unfolded_bytes")
def constant_in_functions() -> onnx.ModelProto:
    """A constant of 1 MB in a function that is called 4,000 times: 4 GB in 1 MB."""
    value = helper.make_tensor("", TensorProto.FLOAT, [2**18], bytes(2**20), raw=True)
    body = [helper.make_node("Constant", [], ["c"], value=value), node("ReduceSum", "c", "s")]
    calls = [helper.make_node("f", [f"t{i}"], [f"t{i + 1}"], domain="local") for i in range(4000)]
    proto = model(calls, inputs={"t0": ["n", 4]}, outputs=["t4000"])
    proto.opset_import.append(helper.make_opsetid("local", 1))
    imports = [helper.make_opsetid("", 21)]
    body.append(node("Add", "a s", "o"))
    proto.functions.append(helper.make_function("local", "f", ["a"], ["o"], body, imports))
    return proto


def recursive(calls: dict[str, str]) -> onnx.ModelProto:
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)]
    proto = model([helper.make_node(next(iter(calls)), ["x"], ["y"], domain="local")])
    proto.opset_import.append(helper.make_opsetid("local", 1))
    for name, called in calls.items():
        body = [helper.make_node(called, ["a"], ["o"], domain="local")]
        proto.functions.append(helper.make_function("local", name, ["a"], ["o"], body, imports))
    return proto


@hostile("invalid-model", "'f'", "calls itself")
def rec_self() -> onnx.ModelProto:
    return recursive({"f": "f"})


@hostile("invalid-model", "calls itself")
def rec_mutual() -> onnx.ModelProto:
    return recursive({"f": "g", "g": "f"})


@hostile("unsupported-model", "bomb", "ConstantOfShape")
def cos_2e9() -> onnx.ModelProto:
    nodes = [node("ConstantOfShape", "s", "c", "bomb"), node("Add", "x c", "y")]
    return model(nodes, {"s": np.array([2_000_000_000])})


@hostile("unsupported-model", "bomb", "ConstantOfShape")
def cos_dyn() -> onnx.ModelProto:
    nodes = [node("Shape", "x", "s"), node("Mul", "s m", "t"), node("ConstantOfShape", "t", "c", "bomb")]
    return model([*nodes, node("ReduceSum", "c", "d"), node("Add", "x d", "y")], {"m": np.array([1, 10**9])})


@hostile("unsupported-model", "bomb", "Tile")
def tile_bomb() -> onnx.ModelProto:
    return model([node("Tile", "x r", "y", "bomb")], {"r": np.array([1, 10**9])})


@hostile("unsupported-model", "bomb", "Range")
def range_bomb() -> onnx.ModelProto:
    weights = {"a": np.array(0), "b": np.array(10**12), "c": np.array(1)}
    return model([node("Range", "a b c", "r", "bomb"), node("Add", "x r", "y")], weights)


@hostile("unsupported-model", "spx", "sparse")
def sparse_1e17() -> onnx.ModelProto:
    values = helper.make_tensor("spx", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("", TensorProto.INT64, [1], [0])
    proto = model([node("MatMul", "x spx", "y")])
    dims = [10**9, 10**8]
    proto.graph.sparse_initializer.append(onnx.SparseTensorProto(values=values, indices=indices, dims=dims))
    return proto


def loop(trips: str) -> onnx.ModelProto:
    body = helper.make_graph(
        [node("Identity", "c", "c2"), node("Relu", "s", "s2")],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            _value("s"),
        ],
        [helper.make_tensor_value_info("c2", TensorProto.BOOL, []), _value("s2")],
    )
    endless = helper.make_node("Loop", [trips, "go", "x"], ["y"], "endless", body=body)
    return model([endless], {"go": np.array(True), "n": np.array(2**62)})


@hostile("unsupported-model", "endless", "Loop", "loop")
def loop_inf() -> onnx.ModelProto:
    return loop("")


@hostile("unsupported-model", "endless", "Loop", "loop")
def loop_long() -> onnx.ModelProto:
    return loop("n")


@hostile("unsupported-model", "scan", "Scan", "loop")
def loop_scan() -> onnx.ModelProto:
    body = helper.make_graph([node("Relu", "s", "o")], "body", [_value("s")], [_value("o")])
    return model([helper.make_node("Scan", ["x"], ["y"], "scan", body=body, num_scan_inputs=1)])


def nested_if(depth: int) -> bytes:
    """Written byte by byte: the message of each level within the one above."""

    def wrap(field: int, data: bytes) -> bytes:
        size, length = len(data), b""
        while size > 0x7F:
            length += bytes([size & 0x7F | 0x80])
            size >>= 7
        return bytes([field << 3 | 2]) + length + bytes([size]) + data

    graph = wrap(2, b"g")
    for _ in range(depth):
        attribute = wrap(1, b"then_branch") + wrap(6, graph) + b"\xa0\x01\x05"
        graph = wrap(1, wrap(4, b"If") + wrap(5, attribute)) + wrap(2, b"g")
    return b"\x08\x0a" + wrap(8, b"\x10\x15") + wrap(7, graph)


@hostile("limit-exceeded", "depth")
def nested_if_45() -> bytes:
    return nested_if(45)


@hostile("limit-exceeded", "depth")
def nested_if_5000() -> bytes:
    return nested_if(5000)


@hostile("limit-exceeded", "nodes")
def chain_100k() -> onnx.ModelProto:
    return model([node("Relu", f"t{i}", f"t{i + 1}") for i in range(100_000)], outputs=["t100000"])


@hostile("limit-exceeded", "name_length")
def long_name() -> onnx.ModelProto:
    return model([node("Relu", "x", "y", "n" * 1_000_000)])


# -- tensors -------------------------------------------------------------------------------------------------


def with_dims(*dims: int) -> onnx.ModelProto:
    proto = plain()
    proto.graph.initializer[0].dims[:] = dims
    return proto


@hostile("invalid-model", "hidden.weight", "1000000000000", "80")
def init_1e12() -> onnx.ModelProto:
    return with_dims(1_000_000_000_000)


@hostile("invalid-model", "hidden.weight", "4294967296")
def init_overflow() -> onnx.ModelProto:
    """The product is 20 modulo 2^64, which is what 80 bytes hold."""
    return with_dims(2**32, 2**32, 20)


@hostile("invalid-model", "hidden.weight", "negative")
def init_neg() -> onnx.ModelProto:
    return with_dims(-4, -5)


@hostile("invalid-model", "hidden.weight", "76")
def init_short() -> onnx.ModelProto:
    proto = plain()
    proto.graph.initializer[0].raw_data = proto.graph.initializer[0].raw_data[:-4]
    return proto


@hostile("invalid-model", "hidden.weight", "dimension of 0")
def zero_dim() -> onnx.ModelProto:
    return with_dims(0, 10**12)


@hostile("invalid-model", "hidden.weight", "twice")
def init_twice_inside() -> onnx.ModelProto:
    proto = plain()
    proto.graph.initializer[0].float_data.extend([1.0] * 20)
    return proto


@hostile("unsupported-model", "hidden.weight", "type 99")
def init_odd_type() -> onnx.ModelProto:
    proto = plain()
    proto.graph.initializer[0].data_type = 99
    return proto


@hostile("invalid-model", "'x'", "1000000000")
def huge_input() -> onnx.ModelProto:
    return model([node("Relu", "x", "y")], inputs={"x": ["n", 10**9, 10**9]})


@hostile("limit-exceeded", "1,000,000", "neurons")
def wide_input() -> onnx.ModelProto:
    return model([node("Relu", "x", "y")], inputs={"x": ["n", 1_000_000]})


@hostile("limit-exceeded", "400,000,000", "pairs")
def wide_layers() -> onnx.ModelProto:
    """20,000 by 20,000 from a few kB: the second layer is as wide as the first."""
    nodes = [
        node("MatMul", "x spread", "a"),
        node("Relu", "a", "h"),
        node("Add", "h b", "s"),
        node("Softmax", "s", "y"),
    ]
    return model(nodes, {"spread": np.ones((1, 20_000)), "b": np.ones(20_000)}, inputs={"x": ["n", 1]})


def with_value(value: float) -> onnx.ModelProto:
    proto = plain()
    values = matrix(4, 5)
    values[1, 2:4] = value
    proto.graph.initializer[0].raw_data = values.tobytes()
    return proto


@hostile("invalid-model", "hidden.weight", "2 of its numbers")
def nan_w() -> onnx.ModelProto:
    return with_value(float("nan"))


@hostile("invalid-model", "hidden.weight", "2 of its numbers")
def inf_w() -> onnx.ModelProto:
    return with_value(float("inf"))


@hostile("invalid-model", "w", "1 of its numbers")
def nan_float16() -> onnx.ModelProto:
    values = np.ones((4, 3), np.float16)
    values[0, 0] = np.inf
    return model([node("MatMul", "x w", "y")], {"w": values}, kind=TensorProto.FLOAT16)


@hostile("invalid-model", "w", "1 of its numbers")
def nan_scalar() -> onnx.ModelProto:
    return model([node("Mul", "x w", "y")], {"w": float("nan")})


# -- bytes ---------------------------------------------------------------------------------------------------


@hostile("invalid-model", "empty")
def empty() -> bytes:
    return b""


@hostile("invalid-model", "not an ONNX model", "byte 0")
def zeros() -> bytes:
    return bytes(1000)


@hostile("invalid-model")
def random() -> bytes:
    return np.random.default_rng(0).bytes(10_000)


@hostile("invalid-model", "pickle")
def pickled() -> bytes:
    return pickle.dumps({"weights": [1, 2, 3]})


@hostile("invalid-model", "zip")
def zipped() -> bytes:
    return b"PK\x03\x04" + bytes(100)


@hostile("invalid-model", "cut off", "byte")
def truncated() -> bytes:
    return plain().SerializeToString()[:-20]


@hostile("invalid-model", "2,147,483,647")
def lenbomb() -> bytes:
    return b"\x08\x0a\x3a\xff\xff\xff\xff\x07" + bytes(1000)


@hostile("invalid-model", "7 bytes after the end")
def trailing() -> bytes:
    return plain().SerializeToString() + b"\0garble"


@hostile("invalid-model", "there twice")
def concatenated() -> bytes:
    return plain().SerializeToString() * 2


@hostile("invalid-model", "UTF-8", "byte", "0xff")
def bad_utf8() -> bytes:
    return plain().SerializeToString().replace(b"fc1", b"f\xff1")


@hostile("invalid-model", "NUL", "byte")
def nul_name() -> bytes:
    return plain().SerializeToString().replace(b"fc1", b"f\x001")


@hostile("invalid-model", "no graph")
def only_version() -> bytes:
    return b"\x08\x0a"


# -- graph ---------------------------------------------------------------------------------------------------


@hostile("invalid-model", "hidden.weight", "2 of the model's initializers")
def init_same_name() -> onnx.ModelProto:
    proto = plain()
    proto.graph.initializer.append(proto.graph.initializer[0])
    return proto


@hostile("unsupported-model", "odd", "com.evil", "domain")
def custom_dom() -> onnx.ModelProto:
    proto = model([helper.make_node("Relu", ["x"], ["y"], "odd", domain="com.evil")])
    proto.opset_import.append(helper.make_opsetid("com.evil", 1))
    return proto


@hostile("unsupported-model", "999")
def opset_999() -> onnx.ModelProto:
    proto = plain()
    proto.opset_import[0].version = 999
    return proto


@hostile("unsupported-model", "999")
def ir_999() -> onnx.ModelProto:
    proto = plain()
    proto.ir_version = 999
    return proto


@hostile("invalid-model", "opset_import")
def no_opset() -> onnx.ModelProto:
    proto = plain()
    del proto.opset_import[:]
    return proto


@hostile("invalid-model", "first", "cycle")
def cyclic() -> onnx.ModelProto:
    return model([node("Add", "x b", "a", "first"), node("Relu", "a", "b", "second")], outputs=["b"])


@hostile("invalid-model", "'h'", "made twice", "second")
def dup_names() -> onnx.ModelProto:
    return model([node("Relu", "x", "h", "first"), node("Tanh", "x", "h", "second")], outputs=["h"])


@hostile("invalid-model", "2 of the model's nodes", "same")
def dup_node_names() -> onnx.ModelProto:
    return model([node("Relu", "x", "h", "same"), node("Tanh", "h", "y", "same")])


@hostile("invalid-model", "'nowhere'", "first")
def dangling() -> onnx.ModelProto:
    return model([node("Add", "x nowhere", "y", "first")])


@hostile("unsupported-model", "training")
def training_graph() -> onnx.ModelProto:
    proto = plain()
    proto.training_info.add()
    return proto


@hostile("invalid-model", "fc1", "do not fit")
def odd_widths() -> onnx.ModelProto:
    return model([node("MatMul", "x w", "y", "fc1")], {"w": matrix(7, 3)})


@hostile("invalid-model", "axis", "soft")
def mixed_types() -> onnx.ModelProto:
    return model([node("Softmax", "x", "y", "soft", axis="one")])


# -- models that are no function of one row ------------------------------------------------------------------


@hostile("unsupported-model", "soft", "Softmax", "other rows")
def softmax_rows() -> onnx.ModelProto:
    return model([node("Softmax", "x", "y", "soft", axis=0)])


@hostile("unsupported-model", "mean", "ReduceMean", "other rows")
def mean_rows() -> onnx.ModelProto:
    return model([node("ReduceMean", "x a", "m", "mean"), node("Sub", "x m", "y")], {"a": np.array([0])})


@hostile("unsupported-model", "bn", "BatchNormalization", "other rows")
def batch_statistics() -> onnx.ModelProto:
    weights = {name: np.ones(4, np.float32) for name in "sbmv"}
    return model([node("BatchNormalization", "x s b m v", "y mean var", "bn", training_mode=1)], weights)


@hostile("unsupported-model", "gram", "MatMul", "rows")
def gram_matrix() -> onnx.ModelProto:
    nodes = [node("Transpose", "x", "t"), node("MatMul", "w t", "a"), node("MatMul", "a v", "y", "gram")]
    return model(nodes, {"w": matrix(3, 4), "v": matrix(7, 2)})


@hostile("unsupported-model", "flat", "other rows")
def flatten_rows() -> onnx.ModelProto:
    return model([node("Flatten", "x", "y", "flat", axis=0)])


@hostile("unsupported-model", "stack", "other rows")
def concat_rows() -> onnx.ModelProto:
    return model([node("Concat", "x x", "y", "stack", axis=0)])


@hostile("unsupported-model", "noise", "RandomNormalLike", "not deterministic")
def random_op() -> onnx.ModelProto:
    return model([node("RandomNormalLike", "x", "n", "noise"), node("Add", "x n", "y")])


@hostile("unsupported-model", "drop", "Dropout", "not deterministic")
def dropout_training() -> onnx.ModelProto:
    weights = {"ratio": np.array(0.5, np.float32), "train": np.array(True)}
    return model([node("Dropout", "x ratio train", "y", "drop")], weights)


# -- not a network of neurons, or not of numbers -------------------------------------------------------------


@hostile("unsupported-model", "forest", "TreeEnsembleRegressor", "no neurons")
def tree_self() -> onnx.ModelProto:
    """A tree whose root is its own child."""
    tree = node(
        "ml.TreeEnsembleRegressor", "x", "y", "forest", n_targets=1, nodes_treeids=[0], nodes_nodeids=[0],
        nodes_featureids=[0], nodes_modes=["BRANCH_LEQ"], nodes_values=[0.0], nodes_truenodeids=[0],
        nodes_falsenodeids=[0],
    )  # fmt: skip
    return model([tree])


@hostile("unsupported-model", "forest", "TreeEnsemble", "no neurons")
def tree_scalar_leaves() -> onnx.ModelProto:
    return model([node("ml.TreeEnsemble", "x", "y", "forest", leaf_weights=weight())])


@hostile("unsupported-model", "'x'", "text")
def string_in() -> onnx.ModelProto:
    return model([node("Identity", "x", "y")], kind=TensorProto.STRING)


@hostile("unsupported-model", "'x'", "free")
def free_width() -> onnx.ModelProto:
    return model([node("Relu", "x", "y")], inputs={"x": ["N", "N"]})


@hostile("unsupported-model", "rnn", "LSTM", "other rows")
def recurrent_over_rows() -> onnx.ModelProto:
    """The rows of the data as the steps."""
    weights = {"w": matrix(1, 4, 4), "r": matrix(1, 4, 1)}
    return model([node("LSTM", "x w r", "y", "rnn", hidden_size=1)], weights, inputs={"x": ["n", 3, 4]})


@hostile("unsupported-model", "choice", "depends on the data")
def if_data() -> onnx.ModelProto:
    """A branch that each row would choose for itself."""
    branch = helper.make_graph([node("Relu", "x", "o")], "b", [], [_value("o")])
    choice = helper.make_node("If", ["c"], ["y"], "choice", then_branch=branch, else_branch=branch)
    return model(
        [node("ReduceMax", "x", "m"), node("Greater", "m z", "c"), choice], {"z": np.zeros(1, np.float32)}
    )


@hostile("invalid-model", "call", "more inputs")
def function_of_less() -> onnx.ModelProto:
    """A call with an input that the function doesn't take."""
    proto = model([helper.make_node("f", ["x", "x"], ["y"], "call", domain="local")])
    imports = [helper.make_opsetid("", 21)]
    proto.opset_import.append(helper.make_opsetid("local", 1))
    proto.functions.append(
        helper.make_function("local", "f", ["a"], ["o"], [node("Relu", "a", "o")], imports)
    )
    return proto


@hostile("unsupported-model", "call", "version 11")
def function_of_another_version() -> onnx.ModelProto:
    proto = model([helper.make_node("f", ["x"], ["y"], "call", domain="local")])
    proto.opset_import.append(helper.make_opsetid("local", 1))
    body, imports = [node("Softmax", "a", "o")], [helper.make_opsetid("", 11)]
    proto.functions.append(helper.make_function("local", "f", ["a"], ["o"], body, imports))
    return proto


@hostile("unsupported-model", "expand", "repeats")
def expand_bomb() -> onnx.ModelProto:
    return model([node("Unsqueeze", "x a", "u"), node("Expand", "u s", "y", "expand")],
                 {"a": np.array([2]), "s": np.array([1, 4, 10**9])})  # fmt: skip


@hostile("unsupported-model", "pad", "other rows")
def pad_rows() -> onnx.ModelProto:
    return model([node("Pad", "x p", "y", "pad")], {"p": np.array([1, 0, 0, 0])})


@hostile("invalid-model", "pad", "pads")
def pad_bomb() -> onnx.ModelProto:
    return model([node("Pad", "x p", "y", "pad")], {"p": np.array([0, 0, 0, 2**40])})


@hostile("invalid-model", "resize", "elements a row")
def resize_bomb() -> onnx.ModelProto:
    nodes = [node("Resize", "x - s", "y", "resize")]
    return model(nodes, {"s": [1, 1, 2**30, 2**30]}, inputs={"x": ["n", 3, 4, 4]})


@hostile("unsupported-model", "no layer")
def nothing_computed() -> onnx.ModelProto:
    return model([node("Identity", "x", "y")])


@hostile("unsupported-model", "nothing that the model returns")
def constant_output() -> onnx.ModelProto:
    return model([node("Relu", "x", "h"), node("Identity", "w", "y")], {"w": matrix(3)})


# -- found by tests/fuzz.py ----------------------------------------------------------------------------------


@hostile("invalid-model", "axis twice")
def axis_twice() -> onnx.ModelProto:
    return model([node("Unsqueeze", "x a", "y", "twice")], {"a": np.array([1, 1])})


@hostile("invalid-model", "axis twice")
def axis_twice_of_a_constant() -> onnx.ModelProto:
    nodes = [node("Unsqueeze", "w a", "v", "twice"), node("MatMul", "x v", "y")]
    return model(nodes, {"w": matrix(4, 2), "a": np.array([0, 0])})


@hostile("invalid-model", "single number")
def product_with_a_number() -> onnx.ModelProto:
    return model([node("MatMul", "x w", "y", "product")], {"w": 2.0})
