"""A model whose weights lie in a file beside it becomes one piece, or is refused; no path is opened."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from estimator.activations import activations
from estimator.errors import InvalidModel, LimitExceeded
from estimator.model.external_data import external_files, with_data_inside
from estimator.model.limits import ModelLimits
from estimator.model.read import read_model
from tests.models.graphs import matrix, plain
from tests.models.hostile import outside
from tests.models.perturbing import check_neurons
from tests.models.running import check_plan

LIMITS = ModelLimits()
WEIGHT = matrix(4, 5)


def test_what_torch_writes_beside_the_model_becomes_part_of_it(tmp_path: Path) -> None:
    import torch

    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(4, 300), torch.nn.ReLU(), torch.nn.Linear(300, 3), torch.nn.Softmax(-1)
    ).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network, (torch.zeros(2, 4),), dynamo=True, verbose=False, input_names=["x"],
            dynamic_shapes=({0: torch.export.Dim("rows")},),
        )  # fmt: skip
    program.save(tmp_path / "model.onnx", external_data=True)
    program.save(tmp_path / "whole.onnx", external_data=False)
    data = (tmp_path / "model.onnx").read_bytes()
    assert external_files(data, LIMITS) == ("model.onnx.data",)
    files = {"model.onnx.data": tmp_path / "model.onnx.data"}
    joined = with_data_inside(data, files, LIMITS)
    assert joined == with_data_inside(data, files, LIMITS)
    proto, plan = onnx.load_from_string(joined), read_model(joined)
    assert [layer.size for layer in plan.layers] == [4, 300, 3]
    check_plan(proto, plan)
    check_neurons(proto, plan)
    whole = (tmp_path / "whole.onnx").read_bytes()
    X = np.random.default_rng(0).normal(size=(40, 4))
    for ours, theirs in zip(
        activations(joined, plan, X), activations(whole, read_model(whole), X), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("one_file", [True, False])
def test_what_onnx_saves_beside_the_model_becomes_part_of_it(tmp_path: Path, one_file: bool) -> None:
    onnx.save(
        plain(), tmp_path / "m.onnx", save_as_external_data=True, all_tensors_to_one_file=one_file,
        location="m.data" if one_file else None, size_threshold=0,
    )  # fmt: skip
    data = (tmp_path / "m.onnx").read_bytes()
    names = external_files(data, LIMITS)
    assert len(names) == (1 if one_file else 4)
    joined = onnx.load_from_string(with_data_inside(data, {name: tmp_path / name for name in names}, LIMITS))
    for ours, theirs in zip(joined.graph.initializer, plain().graph.initializer, strict=True):
        assert ours.name == theirs.name
        np.testing.assert_array_equal(numpy_helper.to_array(ours), numpy_helper.to_array(theirs))


def posed(change: Callable[[onnx.TensorProto], object] = lambda tensor: None, **entries: str) -> bytes:
    """The plain network with its first weights in w.bin, then changed."""
    proto = plain()
    outside(proto.graph.initializer[0], **({"location": "w.bin"} | entries))
    change(proto.graph.initializer[0])
    return bytes(proto.SerializeToString())


REFUSED: dict[str, tuple[bytes, str]] = {
    "a step down": (posed(location="./w.bin"), "no plain file name"),
    "through a folder": (posed(location="a/../w.bin"), "no plain file name"),
    "a parent": (posed(location="../w.bin"), "no plain file name"),
    "absolute": (posed(location="/etc/passwd"), "no plain file name"),
    "backslash": (posed(location="a\\w.bin"), "no plain file name"),
    "the folder": (posed(location="."), "no plain file name"),
    "empty": (posed(location=""), "no plain file name"),
    "memory address": (posed(location="*/_ORT_MEM_ADDR_/*"), "no plain file name"),
    "other case": (posed(location="W.BIN"), "'W.BIN' is not there; given are: 'w.bin'"),
    "other name": (posed(location="v.bin"), "'v.bin' is not there"),
    "NUL": (posed(location="w.bin\0x"), "w.bin"),
    "negative length": (posed(length="-8"), "length '-8' is no number"),
    "other digits": (posed(length="٨٠"), "is no number"),
    "too short": (posed(length="76"), "claim 80 bytes, its length is 76"),
    "far offset": (posed(offset=str(2**62)), "is no number of bytes"),
    "beyond the end": (posed(offset="4"), "80 bytes from byte 4 on of 'w.bin', which has 80"),
    "unknown key": (posed(__class__="x"), "'__class__'"),
    "folder key": (posed(basepath="/"), "'basepath'"),
    "checksum": (posed(checksum="0"), "'checksum'"),
    "key twice": (posed(lambda t: t.external_data.add(key="location", value="v.bin")), "twice"),
    "no location": (posed(lambda t: t.ClearField("external_data")), "names no file"),
    "inside, too": (posed(lambda t: setattr(t, "raw_data", WEIGHT.tobytes())), "inside the file as well"),
    "huge dims": (posed(lambda t: t.dims.__setitem__(0, 2**62)), "bytes from byte 0 on of 'w.bin'"),
    "negative dims": (posed(lambda t: t.dims.__setitem__(0, -4)), "not of numbers"),
    "text": (posed(lambda t: setattr(t, "data_type", onnx.TensorProto.STRING)), "not of numbers"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_other_places_are_refused_and_not_opened(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, mentions = REFUSED[kind]
    (tmp_path / "w.bin").write_bytes(WEIGHT.tobytes())
    monkeypatch.chdir(tmp_path)
    opened: list[Any] = []
    kept = Path.open

    def watched(path: Path, *args: Any, **named: Any) -> Any:
        opened.append(path)
        return kept(path, *args, **named)

    monkeypatch.setattr(Path, "open", watched)
    with pytest.raises(InvalidModel) as caught:
        with_data_inside(data, {"w.bin": tmp_path / "w.bin"}, LIMITS)
    assert mentions in caught.value.detail, caught.value.detail
    assert not opened


def test_the_good_one_beside_them_is_joined(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(WEIGHT.tobytes())
    joined = with_data_inside(posed(), {"w.bin": tmp_path / "w.bin"}, LIMITS)
    assert joined == plain().SerializeToString(deterministic=True)


def test_a_file_that_no_tensor_names_is_refused(tmp_path: Path) -> None:
    for name in ("w.bin", "v.bin"):
        (tmp_path / name).write_bytes(WEIGHT.tobytes())
    files = {name: tmp_path / name for name in ("w.bin", "v.bin")}
    with pytest.raises(InvalidModel, match=r"no tensor .* 'v.bin'; it names 'w.bin'"):
        with_data_inside(posed(), files, LIMITS)
    with pytest.raises(InvalidModel, match=r"no tensor .* 'w.bin'"):
        with_data_inside(plain().SerializeToString(), {"w.bin": tmp_path / "w.bin"}, LIMITS)


def test_many_tensors_of_one_range_are_counted_before_they_are_read(tmp_path: Path) -> None:
    """A thousand claims on the same megabyte are a gigabyte."""
    (tmp_path / "w.bin").write_bytes(bytes(2**20))
    proto = plain()
    for number in range(1000):
        tensor = onnx.TensorProto(name=f"t{number}", data_type=1, dims=[2**18])
        proto.graph.initializer.append(outside(tensor, location="w.bin", length=str(2**20)))
    with pytest.raises(LimitExceeded, match=r"1,048,6\d\d,\d\d\d, at most 536,870,912"):
        with_data_inside(proto.SerializeToString(), {"w.bin": tmp_path / "w.bin"}, LIMITS)
    small = replace(LIMITS, bytes=len(posed()) + WEIGHT.nbytes - 1)
    (tmp_path / "w.bin").write_bytes(WEIGHT.tobytes())
    with pytest.raises(LimitExceeded, match="size"):
        with_data_inside(posed(), {"w.bin": tmp_path / "w.bin"}, small)


def test_what_hides_in_functions_and_branches_is_found_as_well() -> None:
    from tests.models import hostile

    for make in (hostile.cst_rel, hostile.fn_cst_rel, hostile.fn_default_rel, hostile.sub_init_rel):
        assert external_files(bytes(make().SerializeToString()), LIMITS) == ("w.bin",)
