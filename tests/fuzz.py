"""Damaged models and tables, by the thousand: each must be read or refused by a typed error, soon.

    python -m tests.fuzz --minutes 10

A short run is in the suite (tests/test_fuzz.py). What is found is written to a file, with its seed.
"""

import argparse
import io
import random
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pyarrow
import pyarrow.parquet
from onnx import helper

from estimator.data.read import read_table
from estimator.data.table import TableFormat, TableLimits
from estimator.errors import NifError
from estimator.model.operators import OPERATORS
from estimator.model.read import read_model
from tests.models.graphs import attention, node, plain
from tests.models.hostile import laughs

LIMITS = TableLimits(file_bytes=2**20, decoded_bytes=2**22, cells=10**6)
SECONDS_EACH = 10
KERAS = Path(__file__).parent / "models" / "keras"
REFUSED = ("gru", "exact_gelu")  # what is refused as it is shows nothing damaged
SPECIAL = (b'"', b"\n", b"\r", b",", b"\xff" * 8, b"\0" * 4, b"1e999", b"(((", "\u0663".encode())


@dataclass
class Tally:
    """read, refused: inputs. slowest: seconds of the input that took longest."""

    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    slugs: dict[str, int] = field(default_factory=dict)


Read = Callable[[bytes], object]
Damage = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Target:
    """read: of the bytes. seeds: sound files. damage: one of them into another."""

    read: Read
    seeds: tuple[bytes, ...]
    damage: Damage


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, cut out, repeated or put in."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        # Headers are at the ends: half of the damage goes there.
        far = chance.randrange(max(1, len(changed)))
        near = chance.randint(0, 128)
        at = chance.choice([far, far, min(near, len(changed)), max(0, len(changed) - near)])
        length = chance.choice([1, 1, 2, 4, 30])
        what = chance.choice(["flip", "cut", "repeat", "special"])
        if what == "flip":
            changed[at : at + length] = chance.randbytes(length)
        elif what == "cut":
            del changed[at : at + length]
        elif what == "repeat":
            changed[at:at] = changed[at : at + length] * chance.randint(1, 50)
        else:
            changed[at : at + 1] = chance.choice(SPECIAL)
    return bytes(changed)


def rewritten(data: bytes, chance: random.Random) -> bytes:
    """A sound protobuf of a model that is changed in meaning: operators, names, sizes, attributes, types."""
    proto = onnx.load_from_string(data)
    graph = proto.graph
    for _ in range(chance.randint(1, 3)):
        nodes, tensors = list(graph.node), list(graph.initializer)
        changed = chance.choice(nodes) if nodes else None
        tensor = chance.choice(tensors) if tensors else None
        names = (
            [name for n in nodes for name in (*n.input, *n.output)] + [t.name for t in tensors] + ["", "x"]
        )
        what = chance.randrange(12)
        if what == 0 and changed is not None:
            changed.domain, _, changed.op_type = chance.choice(sorted(OPERATORS)).rpartition(".")
            if chance.random() < 0.5:
                del changed.input[1:]
                changed.input.extend(
                    chance.choices([t.name for t in tensors] or [""], k=chance.randint(0, 6))
                )
        elif what == 1 and changed is not None and changed.input:
            changed.input[chance.randrange(len(changed.input))] = chance.choice(names)
        elif what == 2 and changed is not None and changed.output:
            changed.output[chance.randrange(len(changed.output))] = chance.choice(names)
        elif what == 3 and changed is not None:
            _attribute(changed, chance)
        elif what == 4 and nodes:
            del graph.node[chance.randrange(len(nodes))]
        elif what == 5 and changed is not None:
            graph.node.insert(chance.randrange(len(nodes) + 1), changed)
        elif what == 6 and tensor is not None:
            _dims(tensor.dims, chance)
        elif what == 7 and tensor is not None:
            tensor.data_type = chance.randrange(25)
        elif what == 8 and tensor is not None:
            made = np.array(
                chance.choices([-(2**63), -5, -1, 0, 1, 2, 3, 2**31, 2**62], k=chance.randint(0, 4))
            )
            tensor.CopyFrom(onnx.numpy_helper.from_array(made.astype(np.int64), tensor.name))
        elif what == 9 and graph.input:
            shape = chance.choice(list(graph.input)).type.tensor_type.shape
            if shape.dim:
                chance.choice(list(shape.dim)).dim_value = chance.choice([-1, 0, 1, 2, 7, 2**40])
        elif what == 10 and proto.opset_import:
            chance.choice(list(proto.opset_import)).version = chance.randrange(30)
        elif changed is not None:
            position = list(graph.node).index(changed)
            wrapped = helper.make_node("Relu", [changed.output[0] + "/0"] if changed.output else [], [])
            wrapped.domain, _, wrapped.op_type = chance.choice(sorted(OPERATORS)).rpartition(".")
            wrapped.input.extend(chance.choices([t.name for t in tensors] or [""], k=chance.randint(0, 4)))
            _attribute(wrapped, chance)
            if changed.output:  # the new node stands between this one and what reads it
                wrapped.output.append(changed.output[0])
                changed.output[0] += "/0"
            graph.node.insert(position + 1, wrapped)
    for domain in {used.domain for used in graph.node} - {opset.domain for opset in proto.opset_import}:
        proto.opset_import.append(helper.make_opsetid(domain, 1))
    return bytes(proto.SerializeToString())


def _attribute(changed: onnx.NodeProto, chance: random.Random) -> None:
    names = ["axis", "axes", "perm", "keepdims", "to", "group", "kernel_shape", "pads", "equation", "transB"]
    names += ["qkv_hidden_sizes", "split", "num_outputs", "blocksize", "activation", "direction", "mode"]
    names += [attribute.name for attribute in changed.attribute]
    name = chance.choice(names)
    kept = [attribute for attribute in changed.attribute if attribute.name != name]
    numbers = [-(2**40), -3, -1, 0, 1, 2, 5, 2**33]
    value = chance.choice(
        [
            chance.choice(numbers),
            chance.choices(numbers, k=chance.randint(0, 5)),
            0.5,
            "abc,cd->abd",
            "NOTSET",
        ]
    )
    del changed.attribute[:]
    changed.attribute.extend(kept)
    kind = None if value != [] else onnx.AttributeProto.INTS
    changed.attribute.append(helper.make_attribute(name, value, attr_type=kind))


def _dims(dims: "list[int]", chance: random.Random) -> None:
    if dims and chance.random() < 0.6:
        dims[chance.randrange(len(dims))] = chance.choice([-1, 0, 1, 2, 5, 2**33, 2**62])
    elif dims and chance.random() < 0.5:
        del dims[chance.randrange(len(dims))]
    else:
        dims.append(chance.choice([0, 1, 2, 2**40]))


def targets() -> dict[str, Target]:
    """What is fuzzed, by name."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(35, 2))
    lines = ["name,x,y", *(f'"k {i % 3}",{x!r},{y:.2e}' for i, (x, y) in enumerate(X.tolist()))]
    npy, stored, deflated, parquet = (io.BytesIO() for _ in range(4))
    np.save(npy, X)
    np.savez(stored, a=X, b=np.arange(35))
    np.savez_compressed(deflated, a=X, b=np.arange(35))
    table = pyarrow.table({"x": X[:, 0], "k": ["a", "b", "c", "d", "e"] * 7, "l": X.tolist()})
    pyarrow.parquet.write_table(table, parquet)
    softmax = node("Softmax", "s", "p")
    models = tuple(
        [plain().SerializeToString(), laughs(4).SerializeToString(), attention(softmax).SerializeToString()]
        + [path.read_bytes() for path in sorted(KERAS.glob("*.onnx")) if not path.name.startswith(REFUSED)]
    )

    def table_of(kind: str) -> Read:
        return lambda data: read_table(data, TableFormat(kind=kind), LIMITS)  # type: ignore[arg-type]

    return {
        "csv": Target(table_of("csv"), (("\r\n".join(lines) + "\r\n").encode(),), damaged),
        "npy": Target(table_of("npy"), (npy.getvalue(),), damaged),
        "npz": Target(table_of("npz"), (stored.getvalue(), deflated.getvalue()), damaged),
        "parquet": Target(table_of("parquet"), (parquet.getvalue(),), damaged),
        "model bytes": Target(read_model, models, damaged),
        "model meaning": Target(read_model, models, rewritten),
    }


@contextmanager
def within(seconds: int) -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"not answered within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def made(target: Target, seed: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311
    return target.damage(chance.choice(target.seeds), chance)


def try_one(target: Target, seed: int, tally: Tally) -> None:
    """Reads one damaged input. Raises whatever else than a typed error comes out."""
    data = made(target, seed)
    began = time.monotonic()
    try:
        with within(SECONDS_EACH), warnings.catch_warnings():
            warnings.simplefilter("error")
            target.read(data)
        tally.read += 1
    except NifError as error:
        if not 0 < len(error.detail) <= 1000:
            raise ValueError(f"a detail of {len(error.detail)} characters") from error
        tally.refused += 1
        tally.slugs[error.slug] = tally.slugs.get(error.slug, 0) + 1
    tally.slowest = max(tally.slowest, time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(2**40))  # noqa: S311
    parser.add_argument("targets", nargs="*", default=sorted(targets()), help="of what is fuzzed; all")
    asked = parser.parse_args()
    found = {name: targets()[name] for name in asked.targets}
    end, seed = time.monotonic() + 60 * asked.minutes, asked.seed
    tallies, faults = {name: Tally() for name in found}, dict[str, int]()
    print(f"seed {seed}", flush=True)
    while time.monotonic() < end:
        for name, target in found.items():
            turn = time.monotonic() + 1  # a second each: parquet costs a process an input
            while time.monotonic() < turn:
                try:
                    try_one(target, seed, tallies[name])
                except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                    frame = traceback.extract_tb(error.__traceback__)[-1]
                    where = f"{name}: {error!r} in {frame.filename}:{frame.lineno}"
                    faults[where] = faults.get(where, 0) + 1
                    if faults[where] == 1:
                        Path(f"fuzz-{seed}").write_bytes(made(target, seed))
                        print(f"seed {seed}, kept in fuzz-{seed}: {where}", flush=True)
                seed += 1
    for name, tally in tallies.items():
        print(f"{name}: {tally.read:,} read, {tally.refused:,} refused, slowest {tally.slowest:.2f} s")
        print("   ", ", ".join(f"{slug} {count:,}" for slug, count in sorted(tally.slugs.items())))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
