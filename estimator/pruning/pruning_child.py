"""Inside of the child: the smaller model, made and verified.

1. Read the model again, without nodes that nothing needs. 2. Decide what goes (`deciding.py`).
3. The smaller graph (`edits.py`); neurons that must not fire and cannot go are held at 0.
4. ONNX's checker, then the models on all rows, then the time they take (`verification.py`).
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from estimator.errors import UnsupportedModel
from estimator.model.read import ReadModel, read_in_full
from estimator.pruning.constants import Constants
from estimator.pruning.deciding import Decision, Neuron, decide
from estimator.pruning.edits import smaller
from estimator.pruning.fixed import fix
from estimator.pruning.needed import needed_only
from estimator.pruning.running import Arrays, with_shapes
from estimator.pruning.verification import Difference, differences, latency, passes_checker
from estimator.runtime.child import Say
from estimator.runtime.session import when_written

# Metadata of a pruned model: of the sha256 of the file that it was made of, the first digits.
PRUNED_FROM, DIGITS = "nif.pruned_from", 16
FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)


def prune_model(arguments: dict[str, Any], say: Say) -> None:
    """The task, as `estimator.pruning.study` writes its arguments."""
    rows, batch, cut = arguments["rows"], arguments["batch"], arguments["cut"]
    feeds = {given["name"]: when_written(Path(given["file"])) for given in arguments["inputs"]}
    data = Path("model.onnx").read_bytes()
    whole = read_in_full(data).model
    with_shapes(whole)
    read = read_in_full(needed_only(whole).SerializeToString())
    say({"done": 1})
    decision = decide(read, cut, feeds, rows, batch)
    say({"done": 2})
    zero = {layer.tensor: set(cut[layer.tensor]["zero"]) for layer in read.plan.layers if layer.tensor in cut}
    held = {
        (layer.index, i) for layer in read.plan.layers for i in zero.get(layer.tensor, ())
        if (layer.index, i) in decision.reasons
    }  # fmt: skip
    made = _smaller(read, decision, held, hashlib.sha256(data).hexdigest())
    checked = passes_checker(read.model, made)
    say({"done": 3})
    tensors = _compared(read)
    original, fixed = _verified(
        read.model, decision.fixed, made, tensors, feeds, rows, batch, same=not any(zero.values())
    )
    say({"done": 4})
    report = _report(read, decision, held, made) | {"original": _plain(original), "fixed": _plain(fixed)}
    report["checked"] = checked
    report["latency"] = latency((read.model, made), tensors, feeds, batch)
    for name, found in (
        ("pruned.onnx", made.SerializeToString()),
        ("report.json", json.dumps(report).encode()),
    ):
        with Path(name).open("r+b") as file:
            file.write(found)
            file.truncate()
    say({"done": 5})


def _smaller(read: ReadModel, decision: Decision, held: set[Neuron], sha256: str) -> onnx.ModelProto:
    made = smaller(read.model, read.flow, decision.going, decision.summed, Constants(read.model, read.flow))
    gone, left = decision.gone, []
    for cut in decision.layers:
        places = sorted(i for at, i in held if at == cut.layer.index)
        lost = sorted(i for at, i in gone if at == cut.layer.index)
        if places:
            left.append(cut.fixed(places).without(lost))
    fix(made, left)
    kept = [entry for entry in made.metadata_props if entry.key != PRUNED_FROM]
    del made.metadata_props[:]
    made.metadata_props.extend([*kept, onnx.StringStringEntryProto(key=PRUNED_FROM, value=sha256[:DIGITS])])
    return made


def _compared(read: ReadModel) -> list[str]:
    """The output layers' tensors, and what else the model returns in floats."""
    returned = [o.name for o in read.model.graph.output if o.type.tensor_type.elem_type in FLOATS]
    return list(dict.fromkeys([*(x.tensor for x in read.plan.layers if x.kind == "output"), *returned]))


def _verified(
    original: onnx.ModelProto,
    fixed: onnx.ModelProto,
    made: onnx.ModelProto,
    tensors: list[str],
    feeds: Arrays,
    rows: int,
    batch: int | None,
    *,
    same: bool,
) -> tuple[Difference, Difference]:
    """How far the smaller model is from the original, and from that with the neurons fixed.

    same: whether it must equal the original. Raises UnsupportedModel where it is not what it must be.
    """
    try:
        whole, part = differences([original, fixed, made], tensors, feeds, rows, batch)
    except ValueError as error:
        raise UnsupportedModel(f"the smaller model is not what it must be, and not given: {error}") from error
    if not part.equal or (same and not whole.equal):
        raise UnsupportedModel(
            f"the smaller model's outputs differ by {max(part.scaled, whole.scaled if same else 0):.3g} from "
            "what they must be, relative to the larger of 1 and the value; it is not given"
        )
    return whole, part


def _report(read: ReadModel, decision: Decision, held: set[Neuron], made: onnx.ModelProto) -> dict[str, Any]:
    tensor = {layer.index: layer.tensor for layer in read.plan.layers}
    reasons = sorted(decision.reasons.items())
    return {
        "gone": [[tensor[at], i, decision.value((at, i))] for at, i in sorted(decision.gone)],
        "held": [[tensor[at], i, why] for (at, i), why in reasons if (at, i) in held],
        "kept": [[tensor[at], i, why] for (at, i), why in reasons if (at, i) not in held],
        "parameters": [_parameters(read.model), _parameters(made)],
        "nodes": [len(read.model.graph.node), len(made.graph.node)],
    }


def _plain(difference: Difference) -> dict[str, float]:
    return {
        "largest": difference.largest,
        "scaled": difference.scaled,
        "tolerance": difference.tolerance,
    }


def _parameters(model: onnx.ModelProto) -> int:
    """Numbers in the stored weights that are no shapes or axes."""
    return sum(int(np.prod(t.dims)) for t in model.graph.initializer if t.data_type in FLOATS)
