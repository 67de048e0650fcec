"""Hostile models get their listed answer, fast, from their bytes alone."""

import subprocess
import sys
import time
import tracemalloc

import pytest

from estimator.errors import NifError
from estimator.model.read import read_model
from tests.models.graphs import plain
from tests.models.hostile import HOSTILE

SECONDS = 2.0


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_model_is_refused_with_its_reason(kind: str) -> None:
    case = HOSTILE[kind]
    data = case.make()
    start = time.process_time()  # nothing here waits; the machine may be busy otherwise
    with pytest.raises(NifError) as caught:
        read_model(data)
    assert time.process_time() - start < SECONDS
    assert caught.value.slug == case.slug, caught.value.detail
    for words in case.mentions:
        assert words in caught.value.detail
    assert len(caught.value.detail) < 1000


def test_the_good_model_next_to_them_is_read() -> None:
    assert [layer.size for layer in read_model(plain().SerializeToString()).layers] == [4, 5, 3]


@pytest.mark.parametrize("kind", ["init_1e12", "lenbomb", "sparse_1e17", "huge_input", "laughs_30"])
def test_a_claim_of_size_costs_no_memory(kind: str) -> None:
    data = HOSTILE[kind].make()
    tracemalloc.start()
    with pytest.raises(NifError):
        read_model(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_model_cut_off_anywhere_is_refused() -> None:
    proto = plain()
    del proto.opset_import[1:]  # the last field: without it the file is no model, with it it is whole
    data = proto.SerializeToString()
    read_model(data)
    for end in range(len(data)):
        with pytest.raises(NifError):
            read_model(data[:end])


def test_reading_loads_neither_torch_nor_onnxruntime() -> None:
    code = (
        "import sys; from pathlib import Path; from estimator.model.read import read_model; "
        "read_model(Path('examples/iris/iris.onnx').read_bytes()); "
        "print(sorted({'torch', 'onnxruntime'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
