"""`nif reproduce` as a process of its own, at a reduced size: Iris, one seed of each recipe."""

import csv
import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.cli.nif import NIF, environment, nif, refusal


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("reproduced")
    ran = nif(folder, "reproduce", "iris", "--seeds", "1", "--output", "again", "--json", timeout=280)
    assert ran.returncode == 0 and ran.stderr == "", ran.stderr
    return folder / "again", json.loads(ran.stdout)


def test_what_must_hold_holds_and_raw_iris_shows_the_picture(done: tuple[Path, dict[str, Any]]) -> None:
    claims = {claim["id"]: claim for claim in done[1]["claims"]}
    for claim in claims.values():
        if claim["kind"] == "always":
            assert claim["held"] == claim["asked"], claim
    assert claims["1a"]["asked"] > 0, "some neuron died"
    assert claims["1"]["recipes"]["iris-raw"] == {"convex": [1, 1], "ksg": [1, 1]}
    assert claims["4"]["recipes"]["iris-raw"]["convex"] == [1, 1]
    assert done[1]["recipes"] == ["iris-raw", "iris-std"]
    assert not [id for id in claims if id[0] in "23"], "no banknote was run"


def test_the_folder_is_whole(done: tuple[Path, dict[str, Any]]) -> None:
    folder = done[0]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    figures = {f"figures/figure-{n}.{kind}" for n in ("1-iris", "5-attributions") for kind in ("png", "svg")}
    names = ("claims", "judgements", "runs", "cuts", "edges", "neurons", "attributions")
    models = {"models/iris-raw-0.onnx", "models/iris-std-0.onnx", "models/iris.csv"}
    pages = {"reproduction.md", "reproduction.html", "plotly.min.js"}
    assert files == figures | {f"tables/{name}.csv" for name in names} | models | pages
    assert (folder / "figures/figure-1-iris.png").read_bytes().startswith(b"\x89PNG")
    assert "</svg>" in (folder / "figures/figure-1-iris.svg").read_text()
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".nif")]


def test_page_and_tables_say_the_same_as_the_answer(done: tuple[Path, dict[str, Any]]) -> None:
    folder, answer = done
    page = (folder / "reproduction.md").read_text()
    with (folder / "tables/claims.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for claim in answer["claims"]:
        held = sum(int(r["held"]) for r in rows if r["claim"] == claim["id"] and r["estimator"] == "convex")
        assert held == claim["held"]
        line = next(line for line in page.splitlines() if line.startswith(f"| {claim['id']} |"))
        assert f"| {claim['held']} | {claim['asked']} |" in line
    with (folder / "tables/edges.csv").open(newline="") as file:
        edges = list(csv.DictReader(file))
    with (folder / "tables/runs.csv").open(newline="") as file:
        dead = {(r["recipe"], neuron) for r in csv.DictReader(file) for neuron in r["always_0"].split()}
    assert dead
    of_dead = [e for e in edges if {(e["recipe"], e["source"]), (e["recipe"], e["consumer"])} & dead]
    assert of_dead and all(float(e["mi"]) == float(e["nif"]) == 0 for e in of_dead)


def test_the_page_draws_its_figures_and_loads_nothing_from_outside(
    done: tuple[Path, dict[str, Any]], chromium: Browser
) -> None:
    page = chromium.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((done[0] / "reproduction.html").as_uri())
    figures = page.locator(".study-figure").count()
    assert figures == 6  # held, two networks, two shares, the statistics
    page.wait_for_function("n => document.querySelectorAll('[data-drawn]').length === n", arg=figures)
    assert said == []
    assert all(url.startswith(("file:", "data:")) for url in asked)
    page.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["iris", "--seeds", "0"], "--seeds is 0; it must be between 1 and 100"),
        (["iris", "--seeds", "two"], "--seeds is 'two'; it must be a whole number"),
        (["irises"], "is not one of"),
    ],
)
def test_what_cannot_be_run_is_refused(tmp_path: Path, arguments: list[str], words: str) -> None:
    assert words in refusal(nif(tmp_path, "reproduce", *arguments))


def test_files_that_nif_did_not_make_are_kept(tmp_path: Path) -> None:
    (tmp_path / "mine/figures").mkdir(parents=True)
    (tmp_path / "mine/figures/holiday.png").write_text("me")
    said = refusal(nif(tmp_path, "reproduce", "iris", "--seeds", "1", "--output", "mine"))
    assert "holiday.png" in said
    assert (tmp_path / "mine/figures/holiday.png").read_text() == "me"


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        [*NIF, "reproduce", "iris", "--seeds", "1"],
        cwd=tmp_path, env=environment(tmp_path / "data", {"TMPDIR": str(tmp_path / "tmp")}),
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list((tmp_path / "tmp").glob("nif-reproduce-*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted; nothing was written" in said
    assert not (tmp_path / "nif-reproduction").exists()
    assert not [
        path.name for path in (*tmp_path.iterdir(), *(tmp_path / "tmp").iterdir()) if "nif" in path.name
    ]
