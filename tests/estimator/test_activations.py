"""Activations are onnxruntime's own, and no model takes this process down."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import psutil
import pytest
from onnx import TensorProto, helper

from estimator.activations import activations
from estimator.errors import (
    Cancelled,
    MemoryLimit,
    ModelCrashed,
    NifError,
    NotFinite,
    StorageLimit,
    TimeLimit,
    UnsupportedModel,
)
from estimator.model.plan import ModelPlan
from estimator.runtime.isolation import isolation
from estimator.runtime.limits import RunLimits
from tests.estimator.hand_made_models import layer, model, perceptron

X = np.random.default_rng(1).normal(size=(1000, 4))


def node(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, list(inputs), [output], **attributes)


def plain_runtime(data: bytes, names: Sequence[str], feeds: dict[str, Any]) -> list[Any]:
    """What onnxruntime itself gives for these tensors, with its usual optimisations."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    proto = onnx.load_model_from_string(data)
    known = {value.name for value in proto.graph.output}
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    given: list[Any] = session.run(list(names), feeds)
    return given


def refusal(kind: type[NifError], made: tuple[bytes, ModelPlan], rows: Any = X, **limits: Any) -> NifError:
    before = children()
    with pytest.raises(kind) as caught:
        activations(*made, rows, limits=RunLimits(**limits))
    assert children() == before
    assert "/" not in caught.value.detail.replace("n/a", "")
    return caught.value


def children() -> list[int]:
    return [child.pid for child in psutil.Process().children(recursive=True)]


@pytest.mark.parametrize("how", ["bubblewrap", "rlimits"])
def test_activations_equal_the_runtimes_own(how: str, tmp_path: Path) -> None:
    if how == "bubblewrap" and isolation() != "bubblewrap":
        pytest.skip("bubblewrap does not work here")
    data, plan = perceptron()
    given = activations(data, plan, X, limits=RunLimits(isolation=how, folder=tmp_path))
    expected = plain_runtime(data, ["relu", "y"], {"x": X.astype(np.float32)})
    assert given[0] is not None and np.shares_memory(given[0], X)
    for mine, theirs in zip(given[1:], expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)
    assert not given[1][:, 4].any()
    assert list(tmp_path.iterdir()) == []


def test_equal_runs_give_equal_bytes_and_blocks_do_not_matter() -> None:
    rows = np.random.default_rng(2).normal(size=(9001, 4))
    data, plan = perceptron()
    once, again = activations(data, plan, rows), activations(data, plan, rows)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(once, again, strict=True))
    part = activations(data, plan, rows[4000:4200])
    np.testing.assert_allclose(part[2], once[2][4000:4200], rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 7, 64, 4096])
def test_a_fixed_batch_gives_what_the_free_one_gives(batch: int) -> None:
    free = activations(*perceptron(), X)
    fixed = activations(*perceptron(rows=batch), X)
    for a, b in zip(free, fixed, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_channel_is_its_mean_over_positions() -> None:
    made = model(
        [node("Conv", ["x", "K"], "conv"), node("Relu", ["conv"], "y")],
        [layer(0, "x", 16), layer(1, "y", 3)],
        weights={"K": np.random.default_rng(0).normal(size=(3, 1, 2, 2)).astype(np.float32)},
        inputs=[("x", TensorProto.FLOAT, ["rows", 1, 4, 4])],
    )
    rows = np.random.default_rng(1).normal(size=(50, 16))
    given = activations(*made, rows)
    expected = plain_runtime(made[0], ["y"], {"x": rows.astype(np.float32).reshape(-1, 1, 4, 4)})[0]
    np.testing.assert_allclose(given[1], expected.mean(axis=(2, 3)), rtol=1e-5, atol=1e-6)


def test_what_lies_behind_the_last_layer_is_not_run() -> None:
    made = model(
        [node("Relu", ["x"], "y"), node("Reshape", ["y", "shape"], "never")],
        [layer(0, "x", 4), layer(1, "y", 4)],
        weights={"shape": np.array([12345], np.int64)},
    )
    np.testing.assert_allclose(activations(*made, X)[1], np.maximum(X, 0), rtol=1e-6)


@pytest.mark.parametrize(
    ("nodes", "value"),
    [
        ([node("Sqrt", ["x"], "y")], "nan"),
        ([node("Log", ["x"], "y")], "-inf"),
        ([node("Cast", ["x"], "h", to=10), node("Cast", ["h"], "y", to=TensorProto.FLOAT)], "inf"),
    ],
)  # fmt: skip
def test_values_that_are_not_finite_name_layer_neuron_and_first_row(nodes: Any, value: str) -> None:
    rows = np.ones((6000, 4))
    rows[5000, 2] = {"nan": -1, "-inf": 0, "inf": 70000}[value]
    error = refusal(NotFinite, model(nodes, [layer(0, "x", 4), layer(1, "y", 4)]), rows)
    assert f"layer 'y', neuron 'y.2' is {value} in row 5001" in error.detail
    assert error.errors[0].row == 5001


@pytest.mark.parametrize("row", [0, 63, 200])
def test_what_is_not_finite_in_the_first_rows_is_not_taken_for_chance(row: int) -> None:
    rows = np.ones((1000, 4))
    rows[row, 2] = 0
    nodes = [node("Log", ["x"], "h"), node("Mul", ["h", "w"], "y")]
    layers = [layer(0, "x", 4), layer(1, "h", 4), layer(2, "y", 4)]
    error = refusal(NotFinite, model(nodes, layers, weights={"w": np.zeros(4, np.float32)}), rows)
    assert f"layer 'h', neuron 'h.2' is -inf in row {row + 1}" in error.detail


def batch_normalisation() -> list[onnx.NodeProto]:
    names = ["x", "scale", "bias", "mean", "var"]
    return [helper.make_node("BatchNormalization", names, ["y", "m", "v"], training_mode=1)]


@pytest.mark.parametrize(
    "nodes",
    [
        [node("ReduceMean", ["x", "rows"], "middle"), node("Sub", ["x", "middle"], "y")],
        [node("Softmax", ["x"], "y", axis=0)],
        batch_normalisation(),
        [node("CumSum", ["x", "axis"], "y")],
    ],
)
def test_rows_that_depend_on_each_other_are_refused(nodes: Any) -> None:
    weights = {
        "rows": np.array([0]), "axis": np.array(0), "scale": np.ones(4, np.float32),
        "bias": np.zeros(4, np.float32), "mean": np.zeros(4, np.float32), "var": np.ones(4, np.float32),
    }  # fmt: skip
    error = refusal(UnsupportedModel, model(nodes, [layer(0, "x", 4), layer(1, "y", 4)], weights=weights))
    assert "depends on other rows" in error.detail


@pytest.mark.parametrize("seed", [{}, {"seed": 1.0}])
def test_a_model_of_chance_is_refused(seed: Any) -> None:
    nodes = [node("RandomNormalLike", ["x"], "noise", **seed), node("Add", ["x", "noise"], "y")]
    error = refusal(UnsupportedModel, model(nodes, [layer(0, "x", 4), layer(1, "y", 4)]))
    assert "not deterministic" in error.detail


def test_what_the_runtime_refuses_is_told_without_its_paths() -> None:
    error = refusal(UnsupportedModel, model([node("Relu", ["z"], "y")], [layer(0, "x", 4), layer(1, "y", 4)]))
    assert "does not take the model" in error.detail


def endless_loop() -> tuple[bytes, ModelPlan]:
    values = [
        helper.make_tensor_value_info("i", TensorProto.INT64, []),
        helper.make_tensor_value_info("on", TensorProto.BOOL, []),
        helper.make_tensor_value_info("v", TensorProto.FLOAT, ["rows", 4]),
    ]
    outputs = [
        helper.make_tensor_value_info("on2", TensorProto.BOOL, []),
        helper.make_tensor_value_info("v2", TensorProto.FLOAT, ["rows", 4]),
    ]
    body = helper.make_graph(
        [node("Identity", ["on"], "on2"), node("Sin", ["v"], "v2")], "body", values, outputs
    )
    nodes = [helper.make_node("Loop", ["", "true", "x"], ["y"], body=body)]
    return model(nodes, [layer(0, "x", 4), layer(1, "y", 4)], weights={"true": np.array(True)})


def test_a_model_without_end_is_stopped_at_the_time_limit() -> None:
    began = time.monotonic()
    assert "1.5 seconds" in refusal(TimeLimit, endless_loop(), seconds=1.5).detail
    assert time.monotonic() - began < 10


def test_a_model_that_wants_too_much_memory_is_stopped() -> None:
    nodes = [node("ConstantOfShape", ["shape"], "huge"), node("ReduceSum", ["huge"], "sum", keepdims=0),
             node("Add", ["x", "sum"], "y")]  # fmt: skip
    for values in (10**9, 10**12):
        made = model(nodes, [layer(0, "x", 4), layer(1, "y", 4)], weights={"shape": np.array([values])})
        error = refusal(MemoryLimit, made, memory_bytes=2**30)
        assert str(2**30) in error.detail


def test_progress_counts_rows_up_to_all_of_them() -> None:
    told: list[tuple[str, int, int]] = []
    activations(*perceptron(), X, progress=lambda *given: told.append(given))
    assert told[0] == ("activations", 0, 1000) and told[-1] == ("activations", 1000, 1000)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


@pytest.mark.parametrize("stop", [Cancelled, KeyboardInterrupt])
def test_stopping_ends_the_child_and_leaves_nothing(stop: type[BaseException], tmp_path: Path) -> None:
    before, began = children(), time.monotonic()

    def progress(phase: str, done: int, total: int) -> None:
        if time.monotonic() - began > 1:
            raise stop

    with pytest.raises(stop):
        activations(*endless_loop(), X, limits=RunLimits(folder=tmp_path), progress=progress)
    assert time.monotonic() - began < 10
    assert children() == before
    assert list(tmp_path.iterdir()) == []


def fake_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    script = tmp_path / "fake.py"
    script.write_text("import os, signal, sys, time, json, subprocess\n" + code)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(
        "estimator.runtime.process.child_command", lambda *given: [sys.executable, str(script)]
    )


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", ModelCrashed, "SIGSEGV"),
        ("os.abort()", ModelCrashed, "SIGABRT"),
        ("sys.exit(139)", ModelCrashed, "SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", MemoryLimit, "want of memory"),
        ("sys.exit(0)", ModelCrashed, "exit status 0"),
        ("sys.exit(3)", ModelCrashed, "exit status 3"),
        ("sys.stdout.write('{\"done\": ')", ModelCrashed, "exit status 0"),
        ("print('hello')", ModelCrashed, "no message"),
        ("while True: print(json.dumps({'done': 1}))", ModelCrashed, "wrote more than it may"),
        ("while True: sys.stdout.write('x' * 65536)", ModelCrashed, "wrote more than it may"),
        ("while True: sys.stderr.write('x' * 65536)", ModelCrashed, "wrote more than it may"),
        ("os.close(1); os.close(2); time.sleep(60)", TimeLimit, "3 seconds"),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", TimeLimit, "3 seconds"),
        ("print(json.dumps({'error': 'not-a-slug', 'detail': 'x' * 9999}))", ModelCrashed, "xxx"),
        ("print(json.dumps({'error': 'not-finite', 'detail': 1, 'errors': [{'no': 1}, 2]}))", NotFinite, "1"),
    ],
)
def test_whatever_the_child_does_is_a_typed_error(
    code: str, kind: type[NifError], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_child(tmp_path, monkeypatch, code)
    error = refusal(kind, perceptron(), seconds=3)
    assert words in error.detail
    assert len(error.detail) <= 600


def test_what_the_child_leaves_behind_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = tmp_path / "pid"
    fake_child(
        tmp_path,
        monkeypatch,
        f"child = subprocess.Popen(['sleep', '60']); open({str(pid)!r}, 'w').write(str(child.pid))",
    )
    began = time.monotonic()
    refusal(ModelCrashed, perceptron())
    assert time.monotonic() - began < 10
    time.sleep(0.2)
    left = int(pid.read_text())
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE


def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "from tests.estimator.test_activations import *\n"
        "activations(*endless_loop(), X, progress=lambda *g: print('on', flush=True))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert parent.stdout is not None
    for _ in range(8):
        parent.stdout.readline()
    family = psutil.Process(parent.pid).children(recursive=True)
    assert family
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_a_full_disk_is_an_error_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    assert "No space left on device" in refusal(StorageLimit, perceptron()).detail


def test_a_dynamically_quantised_model_is_run_row_by_row() -> None:
    rng = np.random.default_rng(0)
    weights = {
        "W": rng.integers(-100, 100, (4, 5)).astype(np.int8), "W_scale": np.float32(0.01), "zero": np.int8(0),
    }  # fmt: skip
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "scale", "point"]),
        node("MatMulInteger", ["q", "W", "point", "zero"], "product"),
        node("Cast", ["product"], "cast", to=TensorProto.FLOAT),
        node("Mul", ["scale", "W_scale"], "both"),
        node("Mul", ["cast", "both"], "scaled"),
        node("Relu", ["scaled"], "y"),
    ]
    hidden = replace(layer(1, "y", 5), operators=("DynamicQuantizeLinear", "MatMulInteger", "Relu"))
    made = model(nodes, [layer(0, "x", 4), hidden], weights=weights)
    given = activations(*made, X[:100])
    for row in (0, 7, 99):
        alone = plain_runtime(made[0], ["y"], {"x": X[row : row + 1].astype(np.float32)})[0]
        np.testing.assert_allclose(given[1][row], alone[0], rtol=1e-6)
