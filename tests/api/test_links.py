"""Pages for a browser on a service with keys: a link with a ticket, read by a real Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from service.keys import create_key
from tests.api.service_here import ServiceHere, assert_problem


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[tuple[ServiceHere, str, dict[str, str], str]]:
    """A service, an analysis that is done, the header of its tenant's read key, and that key's id."""
    service = ServiceHere(tmp_path)
    analysis = service.done()
    record, text = create_key(service.parts.catalog, "local", "read", "browser")
    yield service, analysis, {"Authorization": f"Bearer {text}"}, record.id
    service.close()


def test_a_browser_opens_the_report_by_its_link_and_nothing_else(keyed, chromium: Browser) -> None:
    service, analysis, key, _ = keyed
    link = service.client.get(f"/v1/analyses/{analysis}/report/link", headers=key).json
    server = make_server("127.0.0.1", 0, service.app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here = f"http://127.0.0.1:{server.server_port}"
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        assert page.goto(f"{here}/v1/analyses/{analysis}/report").status == 401
        answer = page.goto(here + link["url"])
        assert answer is not None and answer.status == 200
        page.wait_for_selector(".plotly .main-svg")
        assert analysis in page.content() and "ticket" not in page.content()
        assert page.goto(f"{here}{link['url']}&beta=0.25").status == 200
        assert page.goto(f"{here}/v1/analyses/{analysis}").status == 401
        assert errors == []
    finally:
        page.close()
        server.shutdown()
        thread.join()


def test_a_ticket_is_for_one_page_to_read(keyed) -> None:
    service, analysis, key, _ = keyed
    other = service.client.get(f"/v1/analyses/{analysis}/report/link", headers=key).json["url"]
    ticket = other.partition("?")[2]
    for path in (f"/v1/analyses/{analysis}", f"/v1/analyses/{analysis}/neurons", "/v1/models"):
        assert_problem(service.client.get(f"{path}?{ticket}"), 401, "unauthenticated")
    assert_problem(service.client.get(f"/v1/analyses/{uuid4()}/report?{ticket}"), 401, "unauthenticated")
    assert_problem(service.client.delete(f"/v1/audits/{analysis}?{ticket}"), 401, "unauthenticated")


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: "A" + t[1:], lambda t: "", lambda t: "é"])
def test_a_changed_ticket_is_refused(keyed, change) -> None:
    service, analysis, key, _ = keyed
    url = service.client.get(f"/v1/analyses/{analysis}/report/link", headers=key).json["url"]
    path, _, ticket = url.partition("?ticket=")
    answer = service.client.get(path, query_string={"ticket": change(ticket)})
    assert "ask for a new one" in assert_problem(answer, 401, "unauthenticated")["detail"]


def test_a_ticket_dies_with_its_time_and_with_its_key(keyed, monkeypatch) -> None:
    service, analysis, key, key_id = keyed
    url = service.client.get(f"/v1/analyses/{analysis}/report/link", headers=key).json["url"]
    assert service.client.get(url).status_code == 200
    with monkeypatch.context() as patch:
        import itsdangerous.timed as timed

        real = timed.time.time()
        patch.setattr(timed.time, "time", lambda: real + service.parts.limits.link_seconds + 2)
        assert_problem(service.client.get(url), 401, "unauthenticated")
    service.parts.catalog.revoke_key(key_id)
    assert_problem(service.client.get(url), 401, "unauthenticated")


def test_another_tenants_page_has_no_link(keyed) -> None:
    service, analysis, _, _ = keyed
    other = {"Authorization": f"Bearer {create_key(service.parts.catalog, 'b', 'write', 'b')[1]}"}
    for path in (f"/v1/analyses/{analysis}/report/link", f"/v1/audits/{analysis}/link"):
        assert_problem(service.client.get(path, headers=other), 404, "not-found")


def test_a_finished_audit_has_a_link_too(keyed) -> None:
    service, analysis, key, _ = keyed
    writer = {"Authorization": f"Bearer {create_key(service.parts.catalog, 'local', 'write', 'w')[1]}"}
    asked = {"analysis": analysis, "policy": {"version": 1, "rules": [{"rule": "minimum-rows", "min": 1}]}}
    audit = service.client.post("/v1/audits", json=asked, headers=writer).json["id"]
    answer = service.client.get(f"/v1/audits/{audit}/link", headers=key)
    assert answer.headers["Cache-Control"] == "no-store"
    url = answer.json["url"]
    assert re.fullmatch(rf"/v1/audits/{audit}\?format=html&ticket=[\w.-]+", url)
    assert_problem(service.client.get(url), 409, "conflict")  # read, and not done yet


def test_without_keys_a_link_is_the_plain_path(service: ServiceHere) -> None:
    analysis = service.done()
    link = service.client.get(f"/v1/analyses/{analysis}/report/link").json
    assert link == {"url": f"/v1/analyses/{analysis}/report", "expires_at": None}
