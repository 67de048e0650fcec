"""A real Chromium for every test that opens pages; one process can have one Playwright only."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    assert executable, "no chromium on PATH; on Debian: apt-get install chromium"
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start as root, as containers run these tests.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()
