"""A real Chromium, and a watch over what a page does in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page


@dataclass
class Watched:
    """A page with everything it did that it must not do."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.page.wait_for_selector("#network-figure[data-drawn]", timeout=30_000)

    def hosts(self) -> set[str]:
        return {urlsplit(url).netloc for url in self.requests if not url.startswith("data:")}


def watch(page: Page) -> Watched:
    seen = Watched(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))

    def heard(message: object) -> None:
        if message.type in ("error", "warning"):  # type: ignore[attr-defined]
            seen.complaints.append(f"console: {message.text}")  # type: ignore[attr-defined]

    def asked(dialog: object) -> None:
        seen.complaints.append(f"dialog: {dialog.message}")  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("console", heard)
    page.on("dialog", asked)
    return seen


@pytest.fixture(params=[1400, 800])
def offline(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A page of each width that has no network at all."""
    context = chromium.new_context(viewport={"width": request.param, "height": 900}, offline=True)
    yield watch(context.new_page())
    context.close()


@pytest.fixture
def online(chromium: Browser) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    yield watch(context.new_page())
    context.close()
