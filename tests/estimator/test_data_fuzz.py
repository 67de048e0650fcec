"""Damaged data files end in a table or in a typed error, never in anything else."""

import io
import random
import warnings

import numpy as np
import pytest

from estimator.data.read import read_table
from estimator.data.table import TableFormat, TableLimits
from estimator.errors import NifError

LIMITS = TableLimits(file_bytes=2**20, decoded_bytes=2**22, cells=10**6)
ROUNDS = 400


def seeds() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(35, 2))
    lines = ["name,x,y", *(f'"k {i % 3}",{x!r},{y:.2e}' for i, (x, y) in enumerate(X.tolist()))]
    npy, stored, deflated = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(npy, X)
    np.savez(stored, a=X, b=np.arange(35))
    np.savez_compressed(deflated, a=X, b=np.arange(35))
    return {
        "csv": ("\r\n".join(lines) + "\r\n").encode(),
        "npy": npy.getvalue(),
        "npz": stored.getvalue(),
        "npz deflated": deflated.getvalue(),
    }


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, cut out, repeated or moved."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        # Headers are at the ends: half of the damage goes there.
        near = chance.choice([len(changed), 128, -128])
        at = (
            chance.randrange(max(1, abs(near))) if near > 0 else max(0, len(changed) - chance.randint(1, 128))
        )
        length = chance.choice([1, 1, 2, 4, 30])
        what = chance.choice(["flip", "cut", "repeat", "special"])
        if what == "flip":
            changed[at : at + length] = chance.randbytes(length)
        elif what == "cut":
            del changed[at : at + length]
        elif what == "repeat":
            changed[at:at] = changed[at : at + length] * chance.randint(1, 50)
        else:
            special = [
                b'"',
                b"\n",
                b"\r",
                b",",
                b"\xff" * 8,
                b"\x00" * 4,
                b"1e999",
                b"(((",
                "\u0663".encode(),
            ]
            changed[at : at + 1] = chance.choice(special)
    return bytes(changed)


@pytest.mark.parametrize("which", ["csv", "npy", "npz", "npz deflated"])
def test_a_damaged_file_never_ends_in_another_error(which: str) -> None:
    original, kind = seeds()[which], which.split()[0]
    chance, read = random.Random(which), 0  # noqa: S311
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(ROUNDS):
            data = damaged(original, chance)
            try:
                table = read_table(data, TableFormat(kind=kind), LIMITS)
            except NifError as error:
                assert 0 < len(error.detail) <= 500
                continue
            read += 1
            assert table.rows >= 30 and len(table.columns) >= 1
            for column in table.columns:
                assert column.numbers is None or np.isfinite(column.numbers).all()
    assert read < ROUNDS
