"""Any section becomes a page or a part of the report: hostile text stays text, figures are drawn offline."""

import json
import re
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread

import pytest

from estimator.graph.describe import describe
from service.report.csp import content_security_policy
from service.report.page import report_page, write_report
from service.report.studies.blocks import blocks
from service.report.studies.kinds import MODULES
from service.report.studies.page import study_page, write_study
from service.report.studies.section import FigureBlock, Section, TableBlock
from service.report.text import plotly_text, visible
from service.studies.kinds import KINDS
from tests.networks import random_network
from tests.report.conftest import Watched
from tests.report.hostile import NAMES, TITLE

ENCODABLE = tuple(name for name in NAMES if name != "\ud800")
DOCUMENT = {
    "kind": "ablation", "of": [{"analysis_id": None, "model_sha256": "0" * 64, "data_sha256": "1" * 64}],
    "options": {"choose": "silent", "k": None}, "value": 0.25,
}  # fmt: skip


def section(names: tuple[str, ...] = ("a", "b")) -> Section:
    bars = {"type": "bar", "x": [plotly_text(visible(n)) for n in names], "y": list(range(len(names)))}
    table = TableBlock("What was cut", ("neuron", "accuracy"), tuple((name, "0.97") for name in names))
    figure = FigureBlock("The curve", {"data": [bars], "layout": {"height": 300}}, "It falls.")
    return Section("Ablation", ("Cutting 2 neurons changes nothing.", *names), (table,), (figure,))


def text_of(html: str) -> str:
    body = re.sub(
        r'<script type="application/json".*?</script>', "", html.split("<body>")[1], flags=re.DOTALL
    )
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)))


def test_a_page_tells_sentences_tables_and_what_was_studied() -> None:
    text = text_of(study_page(section(), DOCUMENT, plotly_src="plotly.min.js", title="iris.onnx"))
    for told in (
        "iris.onnx",
        "Cutting 2 neurons changes nothing.",
        "What was cut",
        "0.97",
        "The curve",
        "It falls.",
    ):
        assert told in text
    assert "Model sha256 " + "0" * 64 in text
    assert "Choose silent" in text and "K none" in text


def test_two_sides_are_told_apart() -> None:
    side = DOCUMENT["of"][0]  # type: ignore[index]
    document = {"kind": "diff", "of": [side, side | {"model_sha256": "2" * 64}]}
    text = text_of(study_page(section(), document, plotly_src="x", title="t"))
    assert "Model sha256 of base " + "0" * 64 in text
    assert "Model sha256 of head " + "2" * 64 in text


def test_columns_of_numbers_stand_right_and_names_do_not() -> None:
    rows = (("1:0", "0.97", "-0.02 to 0.01", "< 0.1 %"), ("1:1", "1.2e-7", "none", "100 %"))
    table = TableBlock("t", ("neuron", "value", "interval", "share"), rows)
    [ready] = blocks([Section("s", (), (table,))])
    assert ready.tables[0].numeric == (False, True, True, True)


def test_a_row_of_another_width_is_an_error_and_not_a_shifted_table() -> None:
    with pytest.raises(ValueError, match="as many cells"):
        blocks([Section("s", (), (TableBlock("t", ("a", "b"), (("1",),)),))])


def test_page_and_document_are_written_beside_plotly(tmp_path: Path) -> None:
    page = write_study(section(), DOCUMENT, tmp_path / "new", "Iris")
    assert page == tmp_path / "new" / "ablation.html"
    assert sorted(p.name for p in page.parent.iterdir()) == [
        "ablation.html",
        "ablation.json",
        "plotly.min.js",
    ]
    assert json.loads((page.parent / "ablation.json").read_text()) == DOCUMENT


def test_the_report_shows_studies_after_its_own_sections() -> None:
    network = random_network(1)
    page = report_page(
        network, describe(network), plotly_src="x", title="t", studies=[section(), section(("c",))]
    )
    assert page.index('id="weakest"') < page.index('id="study-1"') < page.index('id="study-2"')
    assert page.index('id="study-2"') < page.index('id="computed"')
    assert page.count('<a href="#study-') == 2
    assert "study-2-figure-1" in page
    bare = report_page(network, describe(network), plotly_src="x", title="t")
    assert "study-1" not in bare


@pytest.mark.chromium
def test_figures_are_drawn_offline_and_hostile_names_stay_text(offline: Watched, tmp_path: Path) -> None:
    path = write_study(section(ENCODABLE), DOCUMENT, tmp_path, TITLE)
    offline.page.goto(path.as_uri())
    offline.page.wait_for_selector(".study-figure[data-drawn]", timeout=30_000)
    assert offline.page.locator(".study-figure .bars path").count() == len(ENCODABLE)
    assert offline.page.locator("img, b, a[href^=javascript]").count() == 0
    assert "<img src=x onerror=alert(1)>" in (offline.page.locator("main").text_content() or "")
    assert offline.complaints == []
    assert offline.hosts() == {""}


@pytest.mark.chromium
def test_the_report_draws_network_and_studies_under_the_served_policy(
    online: Watched, tmp_path: Path
) -> None:
    network = random_network(2)
    facts = describe(network)
    write_report(network, facts, tmp_path)
    page = report_page(network, facts, plotly_src="plotly.min.js", title="t", studies=[section(), section()])
    (tmp_path / "report.html").write_text(page, encoding="utf-8")

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", content_security_policy())
            super().end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        online.open(f"http://127.0.0.1:{server.server_port}/report.html")
        online.page.wait_for_selector("#study-2 .study-figure[data-drawn]", timeout=30_000)
        assert online.page.locator(".study-figure .bars path").count() == 4
        assert online.complaints == []
    finally:
        server.shutdown()


def test_every_kind_of_study_has_a_section() -> None:
    assert set(MODULES) == set(KINDS)
    for module in MODULES.values():
        assert callable(import_module(module).section), module
