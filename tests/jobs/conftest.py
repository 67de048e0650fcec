from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.jobs_here import JobsHere


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobsHere]:
    here = JobsHere(tmp_path)
    yield here
    here.close()
