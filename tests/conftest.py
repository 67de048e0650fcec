"""What several folders of tests share, and the rule that nothing is skipped in CI."""

import os
from collections.abc import Generator

import pytest

from tests.chromium import chromium
from tests.stores.neo4j_server import neo4j_server

__all__ = ["chromium", "neo4j_server"]

# Nobody's terminal is here: what commands print is as wide as it needs to be.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: test files run beside each other

# What a machine may lack or be by right; servers and browsers are provisioned by `make test`.
MAY_BE_SKIPPED = ("no CUDA device here", "this machine has a CUDA device", "root reads everything")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    reason = str(report.longrepr)
    if os.environ.get("CI") and report.skipped and not any(allowed in reason for allowed in MAY_BE_SKIPPED):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {reason}"
    return report
