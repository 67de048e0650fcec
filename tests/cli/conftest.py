import shutil
from pathlib import Path

import pytest

from tests.cli.nif import IRIS, nif


@pytest.fixture(scope="session")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `nif analyze` ran on Iris: the output `nif-iris`, `data`, and answer.json."""
    folder = tmp_path_factory.mktemp("analysed")
    done = nif(folder, "analyze", *IRIS, "--target", "species", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (folder / "answer.json").write_text(done.stdout)
    return folder


@pytest.fixture
def output(analysed: Path, tmp_path: Path) -> Path:
    """A copy of that output that a test may change."""
    return Path(shutil.copytree(analysed / "nif-iris", tmp_path / "nif-iris"))
