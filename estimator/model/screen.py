"""The door: what can be told from a model's bytes alone, in bounded time and memory.

Nothing here runs ONNX's checker, shape inference or a session: a file of 1 kB makes each of them hang.

1. Size, and what else the file may be (a pickle, an archive).
2. The protobuf bytes, field by field (`wire.py`); only then the parser.
3. Versions: IR, operator sets, training information.
4. Tensors: none outside the file, none sparse, dims against bytes, no NaN or infinity.
5. Functions: how far they unfold. Operators: only domains of the standard, no loop.
"""

import onnx
from google.protobuf.message import DecodeError

from estimator.errors import InvalidModel, Place, UnsupportedModel
from estimator.model.contents import all_nodes, all_sparse, all_tensors
from estimator.model.functions import check_functions
from estimator.model.limits import ModelLimits
from estimator.model.operators import MICROSOFT, OPERATORS
from estimator.model.places import (
    LONGEST_SHOWN,
    beyond,
    invalid_tensor,
    operator,
    shown,
    unsupported_node,
    unsupported_tensor,
)
from estimator.model.tensors import check_size, check_stored_inside, not_finite
from estimator.model.wire import check_bytes

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
OLDEST_OPSET = 7  # before it, broadcasting was an attribute
OLDEST_IR = 3
_FORMATS = {
    b"\x80": "a Python pickle", b"PK": "a zip archive (a torch or Keras checkpoint?)",
    b"\x89HDF": "an HDF5 file (a Keras checkpoint?)", b"\x1f\x8b": "a gzip file",
}  # fmt: skip
_MASKING = {"Add", "Where"}
_LOOPS = {"Loop": "a loop without a bound", "Scan": "a loop over the data"}


def screen(data: bytes, limits: ModelLimits) -> onnx.ModelProto:
    """Parse an ONNX file that is safe to parse.

    Raises: InvalidModel, UnsupportedModel, LimitExceeded.
    """
    model = parse_screened(data, limits)
    _check_versions(model)
    for name, tensor in all_tensors(model):
        check_stored_inside(name, tensor)
    for name, _ in all_sparse(model):
        raise unsupported_tensor(name, "it is sparse; export the model with dense weights")
    for name, tensor in all_tensors(model):
        check_size(name, tensor, limits)
    check_functions(model, limits)
    _check_operators(model)
    _check_finite(model)
    return model


def parse_screened(data: bytes, limits: ModelLimits) -> onnx.ModelProto:
    """Steps 1 and 2. Raises InvalidModel, LimitExceeded."""
    _check_file(data, limits)
    check_bytes(data, limits)
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise InvalidModel(f"the file is not an ONNX model: {error}") from None
    return model


def _check_file(data: bytes, limits: ModelLimits) -> None:
    if not data:
        raise InvalidModel("the file is empty, not an ONNX model")
    if len(data) > limits.bytes:
        raise beyond("bytes", "size of the model in bytes", len(data), limits.bytes)
    for start, what in _FORMATS.items():
        if data.startswith(start):
            detail = f"the file is {what}, not ONNX; nothing in it was loaded. Export the model to ONNX"
            raise InvalidModel(detail, errors=[Place(detail, byte=0)])


def _check_versions(model: onnx.ModelProto) -> None:
    if not model.HasField("graph"):
        raise InvalidModel("the file is not an ONNX model: it has no graph")
    if not OLDEST_IR <= model.ir_version <= onnx.IR_VERSION:
        raise _unsupported(
            "ir_version", f"IR version {model.ir_version}; {OLDEST_IR} to {onnx.IR_VERSION} are read"
        )
    if model.training_info:
        raise _unsupported("training_info", "it is a training graph; export the model for inference")
    newest = {
        "": onnx.defs.onnx_opset_version(),
        "ai.onnx": onnx.defs.onnx_opset_version(),
        "ai.onnx.ml": onnx.defs.onnx_ml_opset_version(),
    }
    versions: dict[str, int] = {}
    for opset in model.opset_import:
        domain = "" if opset.domain == "ai.onnx" else opset.domain
        if versions.setdefault(domain, opset.version) != opset.version:
            raise InvalidModel(f"two versions of the operators of domain {shown(domain)} are imported")
        oldest = OLDEST_OPSET if domain == "" else 1
        if domain in newest and not oldest <= opset.version <= newest[domain]:
            raise _unsupported(
                "opset_import",
                f"version {opset.version} of the operators of domain {shown(domain)}; "
                f"{oldest} to {newest[domain]} are read",
            )
    if "" not in versions:
        raise InvalidModel("the model imports no version of ONNX's operators (opset_import)")


def _check_operators(model: onnx.ModelProto) -> None:
    imported = {opset.domain for opset in model.opset_import}
    local = {(function.domain, function.name) for function in model.functions}
    for node in all_nodes(model):
        if (node.domain, node.op_type) in local:
            continue
        if node.domain == MICROSOFT and operator(node) in OPERATORS:
            continue
        if node.domain in (MICROSOFT, f"{MICROSOFT}.nchwc"):
            raise unsupported_node(
                node,
                "it is one of onnxruntime's own operators and not one that is read (docs/models.md): "
                "optimise the model at the level ORT_ENABLE_BASIC or ORT_ENABLE_EXTENDED",
            )
        if node.domain not in DOMAINS:
            raise unsupported_node(
                node, f"domain {shown(node.domain)} is not of the ONNX standard; custom operators are not run"
            )
        if node.domain == "ai.onnx.ml" and node.domain not in imported:
            raise unsupported_node(node, "its domain is not imported (opset_import)")
        if node.op_type in _LOOPS:
            raise unsupported_node(node, f"{_LOOPS[node.op_type]}; only feed-forward models are analysed")


def _check_finite(model: onnx.ModelProto) -> None:
    """A tensor that is only added or chosen may mask by -inf; what comes of it is checked when it is run."""
    users: dict[str, set[str]] = {}
    for node in all_nodes(model):
        for name in node.input:
            users.setdefault(name, set()).add(node.op_type)
    for name, tensor in all_tensors(model):
        count = not_finite(tensor, mask=users.get(name, {""}) <= _MASKING)
        if count:
            raise invalid_tensor(name, f"{count:,} of its numbers are NaN or infinite")


def _unsupported(field: str, detail: str) -> UnsupportedModel:
    return UnsupportedModel(detail, errors=[Place(detail, field=field[:LONGEST_SHOWN])])
