"""Models that others have published: read, held against onnxruntime, analysed and drawn; or refused."""

import io

import numpy as np
import onnx
import pytest

from estimator.analysis import analyze
from estimator.data.read import read_table
from estimator.data.table import TableFormat
from estimator.errors import UnsupportedModel
from estimator.graph.describe import describe
from estimator.model.inputs import input_slices, width
from estimator.model.read import read_model
from estimator.options import Options
from service.report.page import report_page
from tests.models.perturbing import check_neurons
from tests.models.published import Published
from tests.models.running import check_plan

MAGIKA = Published("magika==1.0.3", "magika/models/standard_v3_3/model.onnx")
CLASSIFIER = Published(
    "rapidocr==3.10.0", "rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx", ("rows", "3", "48", "96")
)
DETECTOR = Published(
    "rapidocr-onnxruntime==1.4.4",
    "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
    ("rows", "3", "64", "64"),
)
SILERO = Published("silero-vad==6.2.3", "silero_vad/data/silero_vad.onnx")


# The numbers are those of the table in docs/models.md.
@pytest.mark.parametrize(
    ("published", "layers", "neurons"),
    [(MAGIKA, 15, 6896), (CLASSIFIER, 53, 17_580), (DETECTOR, 58, 19_609)],
    ids=["magika", "rapidocr classifier", "rapidocr detector"],
)
def test_its_layers_are_what_onnxruntime_computes(published: Published, layers: int, neurons: int) -> None:
    model = published.model()
    plan = read_model(model)
    assert (len(plan.layers), sum(layer.size for layer in plan.layers)) == (layers, neurons)
    proto = onnx.load_from_string(model)
    check_plan(proto, plan, rows=8)
    check_neurons(proto, plan, most=2)


@pytest.mark.parametrize("published", [MAGIKA, CLASSIFIER], ids=["magika", "rapidocr classifier"])
def test_it_is_analysed_and_drawn(published: Published) -> None:
    model = published.model()
    plan = read_model(model)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, width(plan)))
    if all(part.dtype.kind in "iu" for part in input_slices(plan)):
        X = rng.integers(0, 256, size=X.shape).astype(float)
    file = io.BytesIO()
    np.save(file, X)
    network = analyze(
        model,
        read_table(file.getvalue(), TableFormat("npy")),
        Options(sample_neurons=2, columns_by="position", permutations=20),
    )
    assert len(network.layers) == len(plan.layers)
    assert network.edges_measured > 0
    page = report_page(network, describe(network), plotly_src="plotly.js", title="published")
    assert plan.layers[1].name in page


def test_one_whose_graph_depends_on_the_data_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedModel, match=r"If_0.*depends on the data"):
        read_model(SILERO.model())
