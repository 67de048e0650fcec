"""`nif audit` through the shell: the exit code is the verdict, and nothing else is 1."""

import json
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.nif import IRIS, NIF, environment, nif, refusal, shell

HEAD = "version: 1\nrules:\n"
PASSES = HEAD + "- {rule: minimum-rows, min: 100}\n"
FAILS = HEAD + "- {rule: silent-share, max: 0.2}\n- {rule: minimum-rows, min: 100}\n"
UNKNOWN = HEAD + "- {rule: minimum-rows, min: 100}\n- {rule: estimators-agree, max: 0.05}\n"
SPECIES = HEAD + "- {rule: probe-information, probe: species, max: 0.5, id: sp}\n"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def judged(
    analysed: Path, policy: Path, text: str, *more: str | Path, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """The policy on the network that was analysed once for all tests."""
    policy.write_text(text)
    return nif(policy.parent, "audit", "--network", analysed / "nif-iris", "--policy", policy, *more, env=env)


@pytest.mark.parametrize(("text", "code"), [(PASSES, 0), (FAILS, 1), (UNKNOWN, 2), (SPECIES, 1)])
def test_the_exit_code_is_the_verdict(analysed: Path, policy: Path, text: str, code: int) -> None:
    done = judged(analysed, policy, text)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.splitlines()[-1].startswith(("PASS:", "FAIL:", "CANNOT TELL:")[code])


def test_a_shell_sees_the_verdict(analysed: Path, policy: Path) -> None:
    policy.write_text(FAILS)
    done = shell(
        policy.parent, "nif audit --network $1 --policy $2 >/dev/null; echo $?", analysed / "nif-iris", policy
    )
    assert done.stdout == "1\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-such-option",),
        ("--format", "pdf"),
        ("--baseline", "nowhere"),
        ("--baseline", "00000000-0000-4000-8000-000000000000"),
        ("--baseline", "00000000-0000-4000-8000-000000000000", "--store", "neo4j://127.0.0.1:1"),
        ("--output", "no/such/folder/file", "--format", "json"),
        ("--format", "json", "--format", "junit"),
        ("model.onnx",),
        ("model.onnx", "data.csv"),
    ],
)
def test_an_error_is_never_a_verdict(analysed: Path, policy: Path, arguments: tuple[str, ...]) -> None:
    done = judged(analysed, policy, FAILS, *arguments)
    assert done.returncode == 2, done
    assert done.stdout == "" and "Traceback" not in done.stderr


def test_without_anything_to_judge_it_is_an_error(policy: Path) -> None:
    policy.write_text(PASSES)
    assert "MODEL and DATA" in refusal(nif(policy.parent, "audit", "--policy", policy))
    assert "DATA is missing" in refusal(nif(policy.parent, "audit", IRIS[0], "--policy", policy))
    assert nif(policy.parent, "audit", *IRIS).returncode == 2  # no policy


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "empty policy"), ("version: 1\nrules:\n- rule: silent-share\n  mx: 1\n", "line 4, column 3"),
     (HEAD + "- {rule: minimum-rows, min: 010}\n", "line 3, column 29")],
)  # fmt: skip
def test_a_faulty_policy_is_refused_with_its_place(
    analysed: Path, policy: Path, text: str, says: str
) -> None:
    done = judged(analysed, policy, text or "\n")
    assert done.returncode == 2 and says in done.stderr


@pytest.mark.parametrize("closed", [">/dev/full", ">&-"])
def test_an_answer_that_cannot_be_written_is_not_a_failed_policy(
    analysed: Path, policy: Path, closed: str
) -> None:
    policy.write_text(FAILS)
    done = shell(policy.parent, f"nif audit --network $1 --policy $2 {closed}", analysed / "nif-iris", policy)
    assert done.returncode == 2, done.stderr


def test_an_uncaught_exception_is_not_a_failed_policy(analysed: Path, policy: Path, tmp_path: Path) -> None:
    """With a broken module in the way, told and not told to show the traceback."""
    broken = tmp_path / "sitecustomize.py"
    broken.write_text("import sys\nsys.modules['service.policies.audit'] = 1\n")
    for level in ("debug", "info"):
        env = {"PYTHONPATH": str(tmp_path), "NIF_LOG_LEVEL": level}
        assert judged(analysed, policy, PASSES, env=env).returncode == 2
    broken.write_text("import sys\nsys.modules['service.cli.exits'] = None\n")
    assert judged(analysed, policy, PASSES, env={"PYTHONPATH": str(tmp_path)}).returncode == 2


def test_a_signal_is_not_a_verdict(policy: Path) -> None:
    policy.write_text(SPECIES)
    child = subprocess.Popen(
        [*NIF, "audit", *IRIS, "--policy", policy, "--estimator", "mine"],
        cwd=policy.parent, env=environment(policy.parent / "data"), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(4)
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 128 + signal.SIGTERM


def test_the_probes_of_the_policy_are_measured_by_themselves(policy: Path) -> None:
    policy.write_text(SPECIES + "- {rule: estimators-agree, max: 5}\n")
    done = nif(policy.parent, "audit", *IRIS, "--policy", policy, "--json")
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert [rule["verdict"] for rule in document["rules"]] == ["fail", "pass"]
    assert document["network"]["cross_check"]["estimator"] == "ksg"
    assert {neuron["name"] for neuron in document["rules"][0]["neurons"]} == {
        "setosa",
        "versicolor",
        "virginica",
    }
    assert document["of"][0]["model_sha256"] == document["network"]["model_sha256"]
    assert document["rules"][0]["line"] == 3


def table(folder: Path, **columns: str) -> Path:
    """Iris with further columns: a value for all rows, or `row` for one that has as many as rows."""
    lines = IRIS[1].read_text().splitlines()
    names = ",".join(columns)
    rows = [
        ",".join(f"v{n}" if value == "row" else value for value in columns.values())
        for n in range(len(lines) - 1)
    ]
    made = folder / "data.csv"
    made.write_text(
        "\n".join([f"{lines[0]},{names}", *(f"{a},{b}" for a, b in zip(lines[1:], rows, strict=True))])
    )
    return made


@pytest.mark.parametrize(
    ("columns", "says"), [({"odd": "x"}, "has one value only"), ({"odd": "row"}, "has 150 categories")]
)
def test_a_column_that_can_be_no_probe_is_told(policy: Path, columns: dict[str, str], says: str) -> None:
    data = table(policy.parent, **columns)
    policy.write_text(SPECIES + "- {rule: probe-information, probe: odd, max: 0.5, id: odd}\n")
    done = nif(policy.parent, "audit", IRIS[0], data, "--policy", policy)
    assert done.returncode == 2
    assert says in done.stderr and "column 'odd'" in done.stderr


def test_a_misspelt_probe_cannot_be_told_and_the_near_name_is_said(policy: Path) -> None:
    policy.write_text(SPECIES + "- {rule: probe-information, probe: petal_width, max: 1, id: input}\n")
    done = nif(policy.parent, "audit", *IRIS, "--policy", policy, "--target", "species", "--json")
    assert done.returncode == 1, done.stderr
    found = {rule["id"]: rule for rule in json.loads(done.stdout)["rules"]}
    assert found["input"]["verdict"] == "cannot tell"
    assert "input of the model" in found["input"]["reason"]
    policy.write_text(HEAD + "- {rule: probe-information, probe: specis, max: 1}\n")
    done = nif(policy.parent, "audit", *IRIS, "--policy", policy, "--target", "species")
    assert done.returncode == 2 and "did you mean 'species'" in done.stdout


def test_files_are_written_beside_the_table(analysed: Path, policy: Path) -> None:
    names = ("json", "junit", "sarif", "markdown", "html")
    formats = [part for name in names for part in ("--format", name)]
    done = judged(analysed, policy, FAILS, *formats, "--output", "out")
    assert done.returncode == 1, done.stderr
    written = sorted(path.name for path in (policy.parent / "out").iterdir())
    assert written == ["audit.html", "audit.json", "audit.junit.xml", "audit.md", "audit.sarif"]
    assert "FAIL " in done.stdout and "silent-share" in done.stdout


def test_one_format_goes_to_stdout_or_to_the_file_that_is_named(analysed: Path, policy: Path) -> None:
    done = judged(analysed, policy, FAILS, "--format", "junit")
    assert done.returncode == 1 and done.stdout.startswith("<?xml")
    done = judged(analysed, policy, FAILS, "--format", "junit", "--output", "report.xml")
    assert done.returncode == 1
    assert (policy.parent / "report.xml").read_text().startswith("<?xml")


def test_against_itself_no_edge_changed(analysed: Path, policy: Path) -> None:
    done = judged(
        analysed, policy, HEAD + "- {rule: baseline-change, max: 0}\n", "--baseline", analysed / "nif-iris"
    )
    assert done.returncode == 0, done.stdout


def test_a_network_of_other_files_is_refused(analysed: Path, policy: Path) -> None:
    other = table(policy.parent, extra="1")
    done = judged(analysed, policy, PASSES, IRIS[0], other)
    assert done.returncode == 2 and "was made of" in done.stderr
    assert judged(analysed, policy, PASSES, *IRIS, "--target", "species").returncode == 0


def test_a_network_is_read_with_the_beta_that_is_given(analysed: Path, policy: Path) -> None:
    rule = HEAD + "- {rule: path-strength, source: petal_width, target: virginica, max: 100}\n"
    strengths = []
    for more in ((), ("--beta", "0")):
        done = judged(analysed, policy, rule, "--json", *more)
        assert done.returncode == 0, done.stderr
        strengths.append(json.loads(done.stdout)["rules"][0]["measured"])
    assert strengths[1] > strengths[0]


@pytest.mark.parametrize("option", [("--probe", "species"), ("--seed", "1"), ("--estimator", "ksg")])
def test_an_option_that_a_network_has_no_use_for_is_refused(
    analysed: Path, policy: Path, option: tuple[str, str]
) -> None:
    done = judged(analysed, policy, PASSES, *option)
    assert done.returncode == 2 and f"{option[0]} is of an analysis" in done.stderr


def test_the_schema_is_printed(tmp_path: Path) -> None:
    done = nif(tmp_path, "audit", "--policy-schema")
    assert done.returncode == 0 and json.loads(done.stdout)["$defs"]
