"""Models as real exporters write them: torch.onnx with and without dynamo, skl2onnx."""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from estimator.errors import UnsupportedModel
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from tests.models.perturbing import check_neurons
from tests.models.running import check_plan

EXAMPLES = Path(__file__).parents[2] / "examples"


def read(proto: onnx.ModelProto) -> ModelPlan:
    plan = read_model(proto.SerializeToString())
    check_plan(proto, plan)
    check_neurons(proto, plan)
    return plan


def outline(plan: ModelPlan) -> list[tuple[str, int]]:
    return [(layer.name, layer.size) for layer in plan.layers]


@pytest.mark.parametrize(("name", "classes"), [("iris", 3), ("banknote", 2)])
def test_the_examples_are_read(name: str, classes: int) -> None:
    path = EXAMPLES / name / f"{name}.onnx"
    plan = read(onnx.load(path))
    assert [layer.size for layer in plan.layers] == [4, 5, classes]
    header = (EXAMPLES / name / f"{name}.csv").read_text().splitlines()[0].split(",")
    assert plan.features == tuple(header[:4])
    assert plan.layers[-1].operators == ("Gemm", "Softmax")


def residual_network() -> Any:
    import torch

    class Residual(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.norm = torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6)
            self.act, self.drop = torch.nn.GELU(), torch.nn.Dropout(0.1)
            self.fc2, self.head = torch.nn.Linear(6, 6), torch.nn.Linear(6, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = self.act(self.norm(self.fc1(x)))
            h = h + self.drop(torch.nn.functional.silu(self.fc2(h)))
            return torch.softmax(self.head(h.view(h.size(0), -1)), dim=-1)

    torch.manual_seed(0)
    return Residual().eval()


def exported(network: Any, example: Any, *, dynamo: bool, opset: int | None = None) -> onnx.ModelProto:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            program = torch.onnx.export(
                network, (example,), dynamo=True, verbose=False, input_names=["x"],
                dynamic_shapes=({0: torch.export.Dim("rows")},),
            )  # fmt: skip
            proto: onnx.ModelProto = program.model_proto
            return proto
        file = io.BytesIO()
        torch.onnx.export(
            network, (example,), file, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "rows"}},
            opset_version=opset,
        )  # fmt: skip
    return onnx.load_from_string(file.getvalue())


@pytest.mark.parametrize(
    ("dynamo", "opset"), [(True, None), (False, None), (False, 9), (False, 11), (False, 13), (False, 17)]
)
def test_torch_networks_keep_their_modules_names(dynamo: bool, opset: int | None) -> None:
    import torch

    plan = read(exported(residual_network(), torch.zeros(2, 4), dynamo=dynamo, opset=opset))
    assert outline(plan) == [("x", 4), ("fc1", 6), ("fc2", 6), ("head", 3)]
    assert plan.links == ((0, 1), (1, 2), (1, 3), (2, 3))


@pytest.mark.parametrize("dynamo", [True, False])
def test_a_torch_convolution_network_is_read(dynamo: bool) -> None:
    import torch

    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(36, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2),
    ).eval()  # fmt: skip
    plan = read(exported(network, torch.zeros(2, 1, 8, 8), dynamo=dynamo))
    assert [layer.size for layer in plan.layers] == [64, 4, 5, 2]


def test_a_model_exported_in_training_mode_is_refused() -> None:
    import torch

    network = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.ReLU()).train()
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        training = torch.onnx.TrainingMode.TRAINING
        torch.onnx.export(network, (torch.randn(3, 4),), file, dynamo=False, training=training)
    with pytest.raises(UnsupportedModel, match="BatchNormalization"):
        read_model(file.getvalue())


def iris() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    return X.astype(np.float32), y


def to_onnx(estimator: Any, X: NDArray[np.float32], **options: Any) -> onnx.ModelProto:
    from skl2onnx import to_onnx

    proto: onnx.ModelProto = to_onnx(estimator, X[:1], options=options or None)
    return proto


def classifier(**settings: Any) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(**({"hidden_layer_sizes": (5,), "max_iter": 20, "random_state": 0} | settings))


def regressor() -> Any:
    from sklearn.neural_network import MLPRegressor

    return MLPRegressor(hidden_layer_sizes=(5, 3), activation="logistic", max_iter=20, random_state=0)


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_a_scikit_learn_classifier_is_read(activation: str, zipmap: bool) -> None:
    X, y = iris()
    plan = read(to_onnx(classifier(activation=activation).fit(X, y), X, zipmap=zipmap))
    assert [layer.size for layer in plan.layers] == ([4, 3] if activation == "identity" else [4, 5, 3])
    assert plan.layers[-1].operators[-1] in ("Softmax", "Identity")


def test_class_names_come_from_the_zip_map() -> None:
    X, y = iris()
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    plan = read(to_onnx(classifier().fit(X, names), X))
    assert plan.layers[-1].neurons == ("setosa", "versicolor", "virginica")


@pytest.mark.parametrize("zipmap", [True, False])
def test_a_binary_classifier_returns_two_probabilities(zipmap: bool) -> None:
    X, y = iris()
    plan = read(to_onnx(classifier().fit(X, y > 0), X, zipmap=zipmap))
    assert [layer.size for layer in plan.layers] == [4, 5, 2]
    assert plan.layers[-1].operators == ("MatMul", "Add", "Sigmoid", "Sub", "Concat")


def test_a_scaler_before_the_network_is_part_of_its_first_layer() -> None:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    X, y = iris()
    pipeline = make_pipeline(StandardScaler(), MinMaxScaler(), classifier(hidden_layer_sizes=(5, 4)))
    plan = read(to_onnx(pipeline.fit(X, y), X))
    assert [layer.size for layer in plan.layers] == [4, 5, 4, 3]
    assert "ai.onnx.ml.Scaler" in plan.layers[1].operators


def test_a_regressor_returns_its_value() -> None:
    X, _ = iris()
    plan = read(to_onnx(regressor().fit(X, X[:, 0]), X))
    assert [layer.size for layer in plan.layers] == [4, 5, 3, 1]


def test_a_regressor_of_two_targets_is_read_before_the_exporter_unrolls_them_into_rows() -> None:
    """skl2onnx reshapes (n, 2) to (2n, 1)."""
    X, _ = iris()
    plan = read(to_onnx(regressor().fit(X, X[:, :2]), X))
    assert [layer.size for layer in plan.layers] == [4, 5, 3, 2]


def test_a_classifier_of_several_labels_is_read() -> None:
    X, y = iris()
    plan = read(to_onnx(classifier().fit(X, np.stack([y > 0, y > 1], axis=1).astype(int)), X))
    assert [layer.size for layer in plan.layers][:2] == [4, 5]


def test_a_forest_has_no_neurons() -> None:
    from sklearn.ensemble import RandomForestClassifier

    X, y = iris()
    proto = to_onnx(RandomForestClassifier(n_estimators=2).fit(X, y), X)
    with pytest.raises(UnsupportedModel, match="no neurons"):
        read_model(proto.SerializeToString())


# -- torch: sequences ----------------------------------------------------------------------------------------


def sequence_network(kind: str) -> Any:
    import torch

    class Last(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            if kind == "transformer":
                self.body: Any = torch.nn.TransformerEncoderLayer(6, 2, 9, batch_first=True)
            else:
                made = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[kind]
                self.body = made(6, 4, batch_first=True, bidirectional=kind == "lstm")
            self.head = torch.nn.Linear({"transformer": 6, "lstm": 8}.get(kind, 4), 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = self.body(x)
            return self.head((h if kind == "transformer" else h[0])[:, -1])

    torch.manual_seed(0)
    return Last().eval()


TRANSFORMER = [30, 6, 6, 9, 6, 3]  # tokens, attention, norm, feed-forward, norm, head


@pytest.mark.parametrize(
    ("kind", "dynamo", "sizes"),
    [
        ("transformer", True, TRANSFORMER), ("transformer", False, TRANSFORMER), ("lstm", True, [30, 8, 3]),
        ("lstm", False, [30, 8, 3]), ("gru", True, [30, 4, 3]), ("gru", False, [30, 4, 3]),
        ("rnn", False, [30, 4, 3]),
    ],
)  # fmt: skip
def test_a_torch_network_on_sequences_is_read(kind: str, sizes: list[int], dynamo: bool) -> None:
    import torch

    plan = read(exported(sequence_network(kind), torch.zeros(2, 5, 6), dynamo=dynamo))
    assert [layer.size for layer in plan.layers] == sizes


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("kind", ["transformer", "lstm", "gru"])
def test_a_torch_network_of_a_fixed_number_of_rows_gives_each_row_what_torch_does(
    kind: str, rows: int
) -> None:
    import torch

    from estimator.activations import activations

    network, file = sequence_network(kind), io.BytesIO()
    torch.onnx.export(network, (torch.zeros(rows, 5, 6),), file, dynamo=False)
    data = file.getvalue()
    X = np.random.default_rng(0).normal(size=(10, 30)).astype(np.float32)
    plan = read_model(data)
    check_neurons(onnx.load_from_string(data), plan)
    found = activations(data, plan, X.astype(float))[-1]
    with torch.no_grad():
        np.testing.assert_allclose(found, network(torch.tensor(X).view(10, 5, 6)), rtol=1e-5, atol=1e-6)


# -- optimised and quantised ---------------------------------------------------------------------------------


def test_a_graph_optimised_by_onnxruntime_keeps_its_layers(tmp_path: Path) -> None:
    import onnxruntime
    import torch

    proto = exported(residual_network(), torch.zeros(2, 4), dynamo=False)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(proto.SerializeToString(), options)
    plan = read(onnx.load(tmp_path / "optimised.onnx"))
    assert [layer.size for layer in plan.layers] == [4, 6, 6, 3]


def test_a_graph_optimised_by_onnxscript_keeps_its_layers() -> None:
    import onnxscript.optimizer
    import torch

    proto = exported(residual_network(), torch.zeros(2, 4), dynamo=False)
    plan = read(onnxscript.optimizer.optimize(proto))
    assert [layer.size for layer in plan.layers] == [4, 6, 6, 3]


class Rows:
    """Calibration data: some random rows."""

    def __init__(self, width: int) -> None:
        rows = np.random.default_rng(0).normal(size=(5, 8, width)).astype(np.float32)
        self.left = [{"x": row} for row in rows]

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return self.left.pop() if self.left else None

    def set_range(self, start_index: int, end_index: int) -> None:
        raise NotImplementedError


def plain_network(tmp_path: Path) -> Path:
    import torch

    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3),
        torch.nn.Softmax(-1),
    ).eval()  # fmt: skip
    onnx.save(exported(network, torch.zeros(2, 4), dynamo=False), tmp_path / "plain.onnx")
    return tmp_path / "plain.onnx"


@pytest.mark.parametrize("relu_absorbed", [True, False])
def test_a_statically_quantised_network_keeps_its_layers(tmp_path: Path, relu_absorbed: bool) -> None:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    source, target = plain_network(tmp_path), tmp_path / "quantised.onnx"
    kind = QuantType.QUInt8 if relu_absorbed else QuantType.QInt16
    quantize_static(
        str(source), str(target), Rows(4), quant_format=QuantFormat.QDQ, activation_type=kind,
        weight_type=QuantType.QInt8, extra_options={"ActivationSymmetric": not relu_absorbed},
    )  # fmt: skip
    proto = onnx.load(target)
    assert relu_absorbed is ("Relu" not in {node.op_type for node in proto.graph.node})
    plan = read_model(proto.SerializeToString())
    assert [layer.size for layer in plan.layers] == [4, 6, 5, 3]
    assert plan.links == ((0, 1), (1, 2), (2, 3))
    check_neurons(proto, plan)


def test_a_dynamically_quantised_network_keeps_its_layers(tmp_path: Path) -> None:
    from onnxruntime.quantization import quantize_dynamic

    from estimator.activations import activations

    source, target = plain_network(tmp_path), tmp_path / "quantised.onnx"
    # Of 7 bits: with 8, products saturate on processors without VNNI, and no model is to blame for that.
    quantize_dynamic(str(source), str(target), reduce_range=True)
    proto = onnx.load(target)
    assert "DynamicQuantizeLinear" in {node.op_type for node in proto.graph.node}
    plan = read_model(proto.SerializeToString())
    assert [layer.size for layer in plan.layers] == [4, 6, 5, 3]
    check_neurons(proto, plan)
    X = np.random.default_rng(1).normal(size=(20, 4))
    quantised = activations(target.read_bytes(), plan, X)
    whole = source.read_bytes()
    exact = activations(whole, read_model(whole), X)
    for found, truth in zip(quantised, exact, strict=True):
        np.testing.assert_allclose(found, truth, atol=0.05)


# -- onnxruntime's own operators -----------------------------------------------------------------------------


def fused(proto: onnx.ModelProto, folder: Path, level: str = "ORT_ENABLE_EXTENDED") -> onnx.ModelProto:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    options.optimized_model_filepath, options.log_severity_level = str(folder / "fused.onnx"), 3
    onnxruntime.InferenceSession(proto.SerializeToString(), options)
    return onnx.load(folder / "fused.onnx")


def fusible(kind: str) -> tuple[Any, Any]:
    """A network that the optimiser makes these operators of, and an input."""
    import torch

    class Skip(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up, self.down = torch.nn.Linear(6, 6), torch.nn.Linear(6, 6)
            self.norm, self.head = torch.nn.LayerNorm(6), torch.nn.Linear(6, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = self.norm(x + self.down(torch.nn.functional.gelu(self.up(x))))
            return self.head(h).mean(dim=1)

    torch.manual_seed(0)
    if kind == "dense":
        return torch.nn.Sequential(
            torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 5), torch.nn.Tanh(),
            torch.nn.Linear(5, 3), torch.nn.Softmax(-1),
        ).eval(), torch.zeros(2, 4)  # fmt: skip
    if kind == "convolution":
        return torch.nn.Sequential(
            torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 3, 1), torch.nn.Sigmoid(),
            torch.nn.Flatten(), torch.nn.Linear(108, 2),
        ).eval(), torch.zeros(2, 1, 8, 8)  # fmt: skip
    if kind == "skip":
        return Skip().eval(), torch.zeros(2, 5, 6)
    if kind == "transformer":
        return sequence_network("transformer"), torch.zeros(2, 5, 6)
    return residual_network(), torch.zeros(2, 4)


@pytest.mark.parametrize(
    ("kind", "dynamo", "operators", "sizes"),
    [
        ("dense", False, {"FusedGemm"}, [4, 6, 5, 3]),
        ("convolution", False, {"FusedConv"}, [64, 4, 3, 2]),
        ("residual", False, {"QuickGelu"}, [4, 6, 6, 3]),
        ("skip", False, {"BiasGelu", "SkipLayerNormalization"}, [30, 6, 6, 2]),
        ("transformer", True, {"FusedMatMul", "SkipLayerNormalization"}, TRANSFORMER),
    ],
)
def test_operators_that_onnxruntime_fuses_are_the_layers_that_they_were(
    tmp_path: Path, kind: str, dynamo: bool, operators: set[str], sizes: list[int]
) -> None:
    network, example = fusible(kind)
    proto = fused(exported(network, example, dynamo=dynamo), tmp_path)
    own = {node.op_type for node in proto.graph.node if node.domain == "com.microsoft"}
    assert operators <= own
    assert [layer.size for layer in read(proto).layers] == sizes


def test_operators_of_one_processors_layout_are_refused_with_advice(tmp_path: Path) -> None:
    network, example = fusible("convolution")
    proto = fused(exported(network, example, dynamo=False), tmp_path, "ORT_ENABLE_ALL")
    if not any(node.domain == "com.microsoft.nchwc" for node in proto.graph.node):
        assert [layer.size for layer in read(proto).layers] == [64, 4, 3, 2]  # a processor without it
        return
    with pytest.raises(UnsupportedModel, match="ORT_ENABLE_EXTENDED"):
        read_model(proto.SerializeToString())


# -- Keras and tf2onnx ---------------------------------------------------------------------------------------

KERAS = Path(__file__).parents[1] / "models" / "keras"


@pytest.mark.parametrize("by", ["", "_opset13"])
@pytest.mark.parametrize(
    ("name", "sizes"),
    [("dense", [4, 6, 6, 3]), ("convolution", [128, 4, 4, 2]), ("recurrent", [15, 8, 3, 2]),
     ("two_inputs", [10, 4, 2, 2]), ("attention", [30, 6, 6, 2])],
)  # fmt: skip
def test_what_keras_and_tf2onnx_write_is_read(name: str, sizes: list[int], by: str) -> None:
    """Kept output: tests/models/keras/make_models.py made it."""
    proto = onnx.load(KERAS / f"{name}{by}.onnx")
    assert proto.producer_name == "tf2onnx"
    plan = read(proto)
    assert [layer.size for layer in plan.layers] == sizes
    if name == "attention":
        assert plan.layers[1].name.endswith("/attention_1")  # of its key, query and value the module


@pytest.mark.parametrize("by", ["", "_opset13"])
@pytest.mark.parametrize(
    ("name", "mentions"),
    [("exact_gelu", "approximate=True"), ("gru", "loop")],
)
def test_what_tf2onnx_makes_no_network_of_is_refused_with_the_reason(
    name: str, mentions: str, by: str
) -> None:
    with pytest.raises(UnsupportedModel, match=mentions):
        read_model((KERAS / f"{name}{by}.onnx").read_bytes())
