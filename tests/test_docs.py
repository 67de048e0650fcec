"""The README and the pages of docs/ say what is so: their commands run as printed."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.api.errors import every_type

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PORT = 8000


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def the_block(containing: str, language: str = "sh") -> str:
    found = [block for block in blocks(README, language) if containing in block]
    assert len(found) == 1, f"the README has {len(found)} {language} blocks with {containing!r}"
    return found[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a clone's root is seen by the commands: the examples in it, nothing else."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NIF_")}
    scripts = str(Path(sys.executable).parent)
    return kept | {"PATH": f"{scripts}:{kept['PATH']}", "NIF_DATA_DIR": str(tmp_path / "kept")}


def run(script: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_commands_of_the_command_line_section_run(folder: Path, environment: dict[str, str]) -> None:
    said = run(the_block("nif analyze"), folder, environment)
    assert "petal_width -> " in said
    assert (folder / "nif-iris" / "report.html").stat().st_size > 10_000


def test_the_python_session_runs(folder: Path, environment: dict[str, str]) -> None:
    script = the_block("from estimator import", "python")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "0 -> 1" in done.stdout


@pytest.fixture
def served(folder: Path, environment: dict[str, str]) -> Iterator[int]:
    """`nif serve`, as the README starts it; on another port only if its own is taken on this machine."""
    with socket.socket() as probe:
        port = 0 if probe.connect_ex(("127.0.0.1", PORT)) == 0 else PORT
    if port == 0:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    command = ["nif", "serve"] if port == PORT else ["nif", "serve", "--port", str(port)]
    service = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/readyz")
        yield port
    finally:
        service.terminate()
        assert service.wait(timeout=60) == 0


def wait_for(url: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < end, f"{url} did not answer within {seconds} s"
            time.sleep(0.2)


def test_the_curl_session_runs_as_printed(served: int, folder: Path, environment: dict[str, str]) -> None:
    script = the_block("curl").replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{served}")
    said = run(script, folder, environment)
    assert '"petal_width"' in said
    assert '"constant"' in said, "the example has dead neurons"
    assert "</html>" in (folder / "report.html").read_text()


def test_the_table_of_problem_types_is_complete() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    table = page.partition("## Errors")[2].partition("## Limits")[0]
    listed = set(
        re.findall(r"[a-z]+(?:-[a-z]+)+|forbidden|conflict|timeout|unavailable|unauthenticated", table)
    )
    missing = set(every_type()) - listed - {"error"}
    assert not missing


def test_the_published_number_grammar_is_the_one_of_the_reader() -> None:
    page = (ROOT / "docs" / "data.md").read_text()
    from estimator.data import numbers

    [grammar] = re.findall(r"^    (-\?.*)$", numbers.__doc__ or "", flags=re.MULTILINE)
    assert grammar in page


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_has_help_with_an_example() -> None:
    from service.cli.commands import COMMANDS

    for name in COMMANDS:
        said = subprocess.run(
            [sys.executable, "-m", "service.cli", name, "--help"], capture_output=True, text=True, timeout=60
        ).stdout
        assert re.search(rf"^    (?:NIF_\w+=\S+ )?nif {name}", said, flags=re.MULTILINE), (
            f"nif {name} --help has no example"
        )
