import re
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from estimator.graph.describe import describe
from estimator.network import FlowNetwork
from service.report.page import report_page, write_report
from tests.networks import flow_network, random_network
from tests.report.hostile import TITLE, hostile
from tests.report.iris_like import iris_like


def page_of(network: FlowNetwork, title: str = "Iris 4-5-3") -> str:
    return report_page(network, describe(network), plotly_src="plotly.min.js", title=title)


def text_of(html: str) -> str:
    body = html.split("<body>")[1].split('<script type="application/json"')[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)))


def test_the_summary_says_it_in_words_first() -> None:
    text = text_of(page_of(iris_like()))
    assert "13 of 35 measured edges carry information of their own; 1 more is significant" in text
    assert "2 of 5 hidden neurons are silent." in text
    assert "The strongest path is petal length → Relu:0 → virginica (product of nif 0.446)." in text


def test_every_part_of_the_record_is_in_the_box() -> None:
    text = text_of(page_of(iris_like())).split("How this was computed")[1]
    for told in (
        "convex",
        "Permutations behind each p-value 200",
        "Rows 150",
        "0" * 64,
        "Beta 0.5",
        "Alpha 0.05",
    ):
        assert told in text


def test_warnings_come_before_the_figures() -> None:
    text = text_of(page_of(iris_like()))
    assert text.index("3 of them occur twice") < text.index("rows of data")


def test_saturated_edges_are_read_at_least_and_narrow_verdicts_keep_their_digits() -> None:
    text = text_of(page_of(iris_like())).split("Weakest-known edges")[1]
    assert "at least 1.07" in text
    assert "0.04999" in text and "kept by little" in text
    assert "1 of 13 flow edges is known only as a floor" in text


def test_silent_neurons_are_told_with_their_reason() -> None:
    network = iris_like()
    assert "Relu:1 hidden constant it is 0 in every row: it never fires" in text_of(page_of(network))
    uninformative = flow_network((1, 2), {(0, 1): [[0.5, 0.0]]})
    assert "uninformative it fires, but none of its edges has q at most 0.05" in text_of(
        page_of(uninformative)
    )


def test_probes_are_shown_layer_by_layer_and_left_out_when_there_are_none() -> None:
    network = iris_like()
    assert "Neurons that tell" in page_of(network)
    assert "Neurons that tell" not in page_of(replace(network, probes=()))


@pytest.mark.parametrize(
    "network",
    [
        flow_network((1,), {}),
        flow_network((1, 1), {(0, 1): [[0.0]]}),
        flow_network((3, 2), {(0, 1): np.zeros((3, 2))}, names=(["", "", ""], ["", ""])),
        flow_network((2, 2), {(0, 1): np.ones((2, 2))}, names=(["a", "a"], ["a", "a"])),
        flow_network((2, 2), {(0, 1): np.full((2, 2), 1e-300)}),
        random_network(3, layers=9),
    ],
    ids=["one neuron", "no flow", "no names", "equal names", "tiny flow", "deep"],
)
def test_small_and_odd_networks_have_a_page(network: FlowNetwork) -> None:
    html = page_of(network, title="")
    assert "nan" not in html.split("</style>")[1].lower().replace("nan ", "").split("<script>")[0]


def test_neurons_of_equal_names_are_told_apart() -> None:
    html = page_of(flow_network((2, 1), {(0, 1): np.ones((2, 1))}, names=(["a", "a"], ["b"])))
    assert "a (0:0)" in html and "a (0:1)" in html


@pytest.mark.parametrize("sizes", [(784, 200, 100, 10), (1000, 1000)])
def test_a_big_network_is_cut_for_show_and_says_so(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    network = flow_network(
        sizes,
        {(i, i + 1): rng.random((a, b)) for i, (a, b) in enumerate(pairwise(sizes))},
    )
    facts = describe(flow_network(sizes, {(0, 1): np.zeros(sizes[:2])}))
    html = report_page(network, facts, plotly_src="plotly.min.js", title="big")
    assert f"2,000 of {network.edges_kept:,} flow edges shown, the strongest" in html
    assert len(html.encode()) < 10_000_000


def test_hostile_names_are_text_everywhere() -> None:
    html = page_of(hostile(), TITLE)
    assert not re.search(r"<(img|b>bold|a href=\"java)", html)
    assert html.count("<title>") == html.count("</title>") == 1
    assert html.count("<script") == html.count("</script>") == 3
    assert "\u202e" not in html and "\x1b" not in html and "\x00" not in html
    assert len(html.encode()) < 1_000_000


def test_equal_networks_give_equal_bytes() -> None:
    assert page_of(iris_like()) == page_of(iris_like())


def test_the_report_and_plotly_are_written_side_by_side(tmp_path: Path) -> None:
    network = iris_like()
    written = write_report(network, describe(network), tmp_path / "out")
    assert written == tmp_path / "out" / "report.html"
    assert sorted(p.name for p in written.parent.iterdir()) == ["plotly.min.js", "report.html"]
    write_report(network, describe(network), tmp_path / "out")
    assert len(list(written.parent.iterdir())) == 2
