"""The Adult example: docs/audit.md shows what its commands print, and the models can be made again."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from estimator import Options, analyze, read_table
from estimator.diff import Side, diff
from estimator.diff.document import document_of
from estimator.network import FlowNetwork

ROOT = Path(__file__).parents[2]
ADULT = ROOT / "examples/adult"
PAGE = (ROOT / "docs/audit.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command of the page prints, run in order in a folder with the examples in it."""
    folder = tmp_path_factory.mktemp("adult")
    (folder / "examples").symlink_to(ROOT / "examples")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NIF_")}
    path = f"{Path(sys.executable).parent}:{kept['PATH']}"
    environment = kept | {"PATH": path, "NIF_DATA_DIR": str(folder / "kept"), "OMP_NUM_THREADS": "1"}
    printed = {}
    for block in blocks("sh"):
        for command in block.replace("\\\n", " ").splitlines():
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder, env=environment, capture_output=True, text=True, timeout=200,
            )  # fmt: skip
            fails = "income.onnx" in command and command.startswith("nif audit")
            assert done.returncode == int(fails), f"{command}\n{done.stdout}\n{done.stderr}"
            printed[re.sub(r"\s+", " ", command)] = done.stdout
    return printed


def taken_apart(line: str) -> tuple[str, list[float]]:
    """A line without its decimal numbers, and these."""
    return re.sub(r"\d+\.\d+", "#", line), [float(n) for n in re.findall(r"\d+\.\d+", line)]


def close(shown: Iterable[float], measured: Iterable[float]) -> bool:
    """Equal but for what another version or machine may do to the third digit."""
    return np.allclose(list(shown), list(measured), rtol=0.02, atol=0.0005)


def test_the_page_shows_what_the_commands_print(said):
    printed = [taken_apart(line) for text in said.values() for line in text.splitlines()]
    for block in blocks("text"):
        for line in block.splitlines():
            words, numbers = taken_apart(line)
            assert any(words == w and close(numbers, n) for w, n in printed), line
    [last] = [text for command, text in said.items() if command.startswith("nif verify")]
    assert last.splitlines()[-1].endswith("the same numbers to the last bit, and the same verdicts")


def test_the_page_shows_the_policy_as_it_is():
    [policy] = blocks("yaml")
    assert policy in (ADULT / "policy.yaml").read_text()


def test_the_figures_of_the_diff_are_on_the_page(said):
    [text] = [text for command, text in said.items() if command.startswith("nif diff")]
    [sex] = [line for line in text.splitlines() if line.startswith("Information about sex")]
    assert close(taken_apart(sex)[1], figures(r"about sex fell from (\S+) to (\S+) nats"))
    attributed = re.findall(r"hours-per-week \(0:2\)\s+>50K \(2:1\)\s+(\S+)\s+(\S+)", text)[-1]
    assert close(map(float, attributed), figures(r"hours a week fell from (\S+) to (\S+),"))
    learned = re.findall(r"education-num \(0:1\)\s+>50K \(2:1\)\s+(\S+)\s+(\S+)", text)[-1]
    assert close(map(float, learned), figures(r"education grew from (\S+) to (\d\S+\d)\."))
    edge = re.findall(r"layer1\.6 \(1:6\)\s+>50K \(2:1\)\s+at least (\S+)\s+at least (\S+)", text)[0]
    assert close(map(float, edge), figures(r"to the output shrank from (\S+) to (\d\S+\d)\."))
    [income] = [line for line in text.splitlines() if line.startswith("Information about income")]
    assert close(taken_apart(income)[1], figures(r"income itself fell, too, from (\S+) to (\S+) nats"))


def test_what_base_rates_explain_is_on_the_page(said):
    [text] = [said[command] for command in said if command.startswith("nif probes")]
    output = text[text.index("output (output)") :]
    whole, left = (
        float(re.findall(rf"{of}neuron >50K \(2:1\)  (\S+) nats", output)[0])
        for of in ("    ", "given income: ")
    )
    assert close([left, whole], figures(r"is known: (\S+) of the (\S+) nats"))


def figures(pattern: str) -> list[float]:
    """The numbers that the page gives there."""
    [found] = re.findall(pattern, PAGE)
    return [float(number) for number in found]


def test_the_models_made_again_at_reduced_size_tell_the_same_story(tmp_path):
    """Trained on 2,000 rows: the second tells less of sex at its output, and the diff says so."""
    done = subprocess.run(
        [sys.executable, ADULT / "train.py", "--rows", "2000", "--output", tmp_path],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = read_table((ADULT / "adult_audit.csv").read_bytes())
    options = Options(target="income", probes=("sex", "race"), permutations=50)
    sides = []
    for name in ("income.onnx", "fair.onnx"):
        model = (tmp_path / name).read_bytes()
        sides.append(Side(analyze(model, table, options), model, table))
    assert at_output(sides[0].network) > at_output(sides[1].network)
    document = document_of(diff(*sides))
    [sex] = [probe for probe in document["probes"] if probe["name"] == "sex"]
    shrank = {change["neuron"]["name"] for change in sex["changes"] if change["kind"] == "shrank"}
    assert {"<=50K", ">50K"} <= shrank
    assert document["alignment"]["by"] == "activations"


def at_output(network: FlowNetwork) -> float:
    """The largest information of an output about sex, nats."""
    [sex] = [probe for probe in network.probes if probe.name == "sex"]
    return float(sex.values[-1].mi.max())


def test_the_rows_are_small_and_their_source_and_licence_are_said():
    assert sum((ADULT / name).stat().st_size for name in ("adult_train.csv", "adult_audit.csv")) < 1_000_000
    readme = (ADULT / "README.md").read_text()
    assert "CC BY 4.0" in readme
    assert "UCI Machine Learning Repository" in readme
