"""Neo4j Browser in a real Chromium: it connects, is styled, shows the guide, and asks no other host."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from playwright.sync_api import Browser, Page, Request

from service.neo4j_server.browser_pages import GUIDE, STYLE, browser_file
from tests.neo4j_server.network import browsable_network
from tests.stores.neo4j_server import Server

pytestmark = pytest.mark.chromium

ID = "in the Browser"
SECONDS = 60_000.0


@pytest.fixture(scope="module")
def browser_url(neo4j_server: Server) -> Iterator[str]:
    """The URL of Browser on a server that holds the network."""
    if neo4j_server.local is None:
        pytest.skip("the Neo4j of NIF_NEO4J_URI serves a Browser of its own")
    store = neo4j_server.open()
    store.migrate()
    store.write(ID, browsable_network())
    yield neo4j_server.local.browser_url
    store.delete(ID)
    store.close()


@pytest.fixture
def requests() -> list[Request]:
    """Every request that left the page."""
    return []


@pytest.fixture
def page(
    browser_url: str, neo4j_server: Server, chromium: Browser, requests: list[Request]
) -> Iterator[Page]:
    """Browser, connected through its form, with the guide's parameters set."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.on("requestfinished", lambda request: requests.append(request))
    page.goto(f"{browser_url}?dbms={neo4j_server.uri}", wait_until="domcontentloaded")
    page.get_by_test_id("username").fill(neo4j_server.user, timeout=SECONDS)
    page.get_by_test_id("password").fill(neo4j_server.password)
    page.get_by_test_id("connect").click()
    page.get_by_role("heading", name="Ten questions to a flow network").wait_for(timeout=SECONDS)
    run(page, f":params {{analysis: '{ID}', source: '0:1', target: '2:1', attribute: 'religion'}}")
    page.get_by_test_id("rawParamData").wait_for(timeout=SECONDS)
    yield page
    context.close()


def run(page: Page, command: str) -> None:
    page.get_by_test_id("activeEditor").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(command)
    page.get_by_test_id("editor-Run").click()


def ask(page: Page, heading: str) -> None:
    """Click the query under a heading of the guide, as its reader would, and run it."""
    page.locator("h4", has_text=heading).locator("xpath=following-sibling::pre[1]").click()
    page.get_by_test_id("editor-Run").click()
    page.wait_for_selector("svg .node", timeout=SECONDS)


def drawn(page: Page) -> dict[str, tuple[str, float]]:
    """Colour and radius of each node, by caption; a long one is cut by Browser."""
    circles = page.locator("svg g.node").evaluate_all(
        "all => all.map(g => [g.querySelector('text').textContent.trim(),"
        " g.querySelector('circle.b-outline').getAttribute('fill'),"
        " parseFloat(g.querySelector('circle.b-outline').getAttribute('r'))])"
    )
    return {caption: (colour, radius) for caption, colour, radius in circles}


def rule(label: str, key: str) -> str:
    found = re.search(rf"node\.{label} {{[^}}]*\n  {key}: ([^;]+);", browser_file(STYLE))
    assert found, f"no {key} for {label}"
    return found.group(1)


def test_the_network_has_colours_by_community_and_sizes_by_betweenness(page: Page) -> None:
    ask(page, "2. What does the network look like?")
    page.wait_for_function("document.querySelectorAll('svg g.relationship').length === 8", timeout=SECONDS)
    nodes = drawn(page)
    assert set(nodes) == {"age", "income", "sex", "h0", "h1", "no", "yes"}
    colours = {name: colour for name, (colour, _) in nodes.items()}
    assert colours["h0"] == colours["age"] == colours["no"]
    assert colours["h1"] == colours["income"] == colours["yes"]
    assert {colours["h0"], colours["h1"]} == {rule("Community0", "color"), rule("Community1", "color")}
    assert nodes["h1"][1] > nodes["yes"][1]


def test_silent_neurons_are_shown_apart(page: Page) -> None:
    ask(page, "5. Which neurons are silent?")
    nodes = drawn(page)
    assert set(nodes) == {"h2", "h3"}
    assert {colour for colour, _ in nodes.values()} == {rule("Silent", "color")}


def test_a_click_in_the_guide_puts_the_query_into_the_editor_as_it_is_written(page: Page) -> None:
    page.locator("h4", has_text="4. What reaches").locator("xpath=following-sibling::pre[1]").click()
    page.get_by_test_id("editor-Run").click()
    page.wait_for_selector("svg .node", timeout=SECONDS)
    assert set(drawn(page)) == {"yes", "h1", "income", "sex"}
    assert "ANY SHORTEST (target)<-[r:FLOWS_TO WHERE r.nif >= 0.05]-+(:Neuron)" in unescape(
        browser_file(GUIDE)
    )


def test_nothing_is_asked_of_another_host(page: Page, requests: list[Request]) -> None:
    ask(page, "10. Which neurons carry the attribute?")
    page.wait_for_timeout(2_000)  # Browser loads its analytics a moment after it has connected
    hosts = {re.sub(r"^[a-z]+://([^/:]+).*", r"\1", request.url) for request in requests}
    assert hosts - {"data", "blob"} == {"127.0.0.1"}
    assert any(request.url.endswith(f"/browser/{STYLE}") for request in requests)


def test_without_the_policy_browser_would_ask_other_hosts(browser_url: str, chromium: Browser) -> None:
    """If this fails, Browser has become silent by itself, and the policy may go."""
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    page.goto(browser_url, wait_until="domcontentloaded")
    page.get_by_test_id("username").wait_for(timeout=SECONDS)
    context.close()
    assert any("googleapis.com" in url for url in asked)


def test_a_link_fills_the_editor(browser_url: str, neo4j_server: Server, page: Page) -> None:
    link = f"{browser_url}?dbms={neo4j_server.uri}&cmd=edit&arg=MATCH%20(a%3AAnalysis)%20RETURN%20a.id"
    page.goto(link, wait_until="domcontentloaded")  # still logged in: the tab keeps it
    page.get_by_test_id("activeEditor").get_by_text("RETURN a.id").wait_for(timeout=SECONDS)
