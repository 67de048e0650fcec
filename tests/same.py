"""Equality of dataclasses of numpy arrays."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def assert_same(a: Any, b: Any) -> None:
    """Equal to the last bit, with the same types, at every depth."""
    if is_dataclass(a):
        assert type(a) is type(b)
        for field in fields(a):
            assert_same(getattr(a, field.name), getattr(b, field.name))
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()
    elif isinstance(a, tuple | list):
        assert type(a) is type(b)
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    else:
        assert a == b
