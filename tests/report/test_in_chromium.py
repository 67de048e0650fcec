from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from estimator.graph.describe import describe
from estimator.network import FlowNetwork
from service.report.csp import content_security_policy
from service.report.page import write_report
from tests.networks import flow_network, random_network
from tests.report.conftest import Watched
from tests.report.hostile import NAMES, TITLE, hostile
from tests.report.iris_like import iris_like

pytestmark = pytest.mark.chromium
# The position of a neuron on the screen.
NEURON_AT = """i => {
  const figure = document.getElementById('network-figure'), box = figure.getBoundingClientRect();
  const neurons = figure.data.at(-1), drawn = figure._fullLayout;
  return [box.x + drawn.margin.l + drawn.xaxis.d2p(neurons.x[i]),
          box.y + drawn.margin.t + drawn.yaxis.d2p(neurons.y[i])];
}"""


def written(network: FlowNetwork, folder: Path, title: str = "Iris 4-5-3") -> str:
    return write_report(network, describe(network), folder, title=title).as_uri()


def point_at(seen: Watched, neuron: int, said: str) -> str:
    """The hover label of a neuron, once it says `said`."""
    seen.page.locator("#network-figure").scroll_into_view_if_needed()
    seen.page.mouse.move(*seen.page.evaluate(NEURON_AT, neuron))
    return label(seen, said)


def label(seen: Watched, said: str) -> str:
    found = seen.page.locator(".hoverlayer .hovertext", has_text=said).first
    found.wait_for(timeout=10_000)
    return found.text_content() or ""


def test_the_page_opens_offline_with_network_legend_and_hover(offline: Watched, tmp_path: Path) -> None:
    offline.open(written(iris_like(), tmp_path))
    page = offline.page
    assert page.locator("#network-figure .points path").count() >= 12
    assert page.locator("#network-legend").is_visible()
    assert "hollow: silent, 2" in (page.locator("#network-legend").text_content() or "")
    told = point_at(offline, 4, "Relu:0")
    assert "betweenness" in told and "community" in told
    assert offline.complaints == []
    assert offline.hosts() == {""}


def test_a_line_shows_its_numbers_with_interval_and_q(offline: Watched, tmp_path: Path) -> None:
    offline.open(written(iris_like(), tmp_path))
    (x0, y0), (x1, y1) = (offline.page.evaluate(NEURON_AT, i) for i in (2, 4))
    offline.page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2)
    told = label(offline, "nif 0.620 nats")
    assert "petal length" in told and "Relu:0" in told
    assert "mi at least 1.07 nats, 95 % interval 0.856 to 1.28" in told
    assert "q 0.00100" in told and "saturated" in told


def test_a_click_leaves_only_the_neurons_own_lines(offline: Watched, tmp_path: Path) -> None:
    offline.open(written(iris_like(), tmp_path))
    drawn = "document.querySelectorAll('#network-figure .lines path').length"
    before = offline.page.evaluate(drawn)
    x, y = offline.page.evaluate(NEURON_AT, 4)
    offline.page.mouse.click(x, y)
    offline.page.wait_for_function(f"{drawn} !== {before}")
    offline.page.wait_for_timeout(400)
    offline.page.mouse.click(x, y)
    offline.page.wait_for_function(f"{drawn} === {before}")
    assert offline.complaints == []


@pytest.mark.parametrize("network", [iris_like(), hostile(), random_network(1, layers=14)])
def test_only_tables_scroll_sideways_never_the_page(
    network: FlowNetwork, offline: Watched, tmp_path: Path
) -> None:
    offline.open(written(network, tmp_path))
    width = offline.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


def test_drawing_the_figure_does_not_move_the_page(offline: Watched, tmp_path: Path) -> None:
    offline.page.add_init_script(
        "window.moved = 0; new PerformanceObserver(l => l.getEntries().forEach(e => window.moved += e.value))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    offline.open(written(iris_like(), tmp_path))
    assert offline.page.evaluate("window.moved") < 0.01


def test_hostile_names_are_shown_as_text(offline: Watched, tmp_path: Path) -> None:
    offline.open(written(hostile(), tmp_path, TITLE))
    for neuron, name in ((0, NAMES[0]), (1, NAMES[1]), (2, NAMES[2])):
        assert point_at(offline, neuron, name).startswith(name)
        assert name in offline.page.locator("#attributions").inner_text()
    assert TITLE.split("\u202e")[0] in offline.page.title()
    assert offline.page.locator("img, b:text-is('bold')").count() == 0
    assert offline.complaints == []
    assert offline.hosts() == {""}


@pytest.mark.parametrize("network", [flow_network((1,), {}), flow_network((2, 1), {(0, 1): [[0], [0]]})])
def test_a_network_without_flow_opens(network: FlowNetwork, offline: Watched, tmp_path: Path) -> None:
    offline.open(written(network, tmp_path))
    assert offline.complaints == []


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The page over HTTP with the header that the service gives it."""
    network = iris_like()
    write_report(network, describe(network), tmp_path)

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", content_security_policy())
            self.send_header("X-Content-Type-Options", "nosniff")
            super().end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_served_page_works_within_its_policy(served: str, online: Watched) -> None:
    online.open(f"{served}/report.html")
    point_at(online, 4, "Relu:0")
    assert online.complaints == []
    assert online.hosts() == {served.removeprefix("http://")}


def test_the_policy_forbids_what_the_page_does_not_need(served: str, online: Watched) -> None:
    online.open(f"{served}/report.html")
    online.page.evaluate(
        "document.head.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))"
    )
    assert online.page.evaluate("window.ran") is None
    assert "unsafe-eval" not in content_security_policy()
    assert "frame-ancestors 'none'" in content_security_policy()
