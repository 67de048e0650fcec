"""The examples for pipelines: each command of theirs is run, as the pipeline would run it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

CI = Path(__file__).parents[2] / "examples/ci"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with the examples in it, whose origin has a branch main."""
    for name in ("ci", "iris"):
        shutil.copytree(CI.parent / name, tmp_path / "examples" / name)
    script = (
        "git init -q -b main && git add examples && git remote add origin . && "
        "git -c user.name=n -c user.email=n@example.org -c commit.gpgsign=false commit -q -m examples"
    )
    subprocess.run(["bash", "-ec", script], cwd=tmp_path, check=True)
    return tmp_path


def run(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NIF_")}
    path = f"{Path(sys.executable).parent}:{kept['PATH']}"
    more = {
        "PATH": path, "NIF_DATA_DIR": str(folder / "kept"), "OMP_NUM_THREADS": "1",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }  # fmt: skip
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder, env=kept | more, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def commands(of: Any) -> list[str]:
    """The commands of a pipeline but those that install."""
    return [command for command in of if not command.startswith("pip install")]


def test_the_github_workflow(folder: Path) -> None:
    workflow = yaml.safe_load((CI / "github-actions.yml").read_text())
    steps = workflow["jobs"]["audit"]["steps"]
    [of_base] = [step["with"]["path"] for step in steps if "ref" in step.get("with", {})]
    shutil.copytree(folder / "examples", folder / of_base / "examples")
    for script in commands(step["run"] for step in steps if "run" in step):
        done = run(script, folder)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    assert "iris\\-gate" in (folder / "summary.md").read_text()
    for step in steps:
        for name in {"sarif_file", "path"} & set(step.get("with", {})):
            assert (folder / step["with"][name]).exists()


def test_the_gitlab_pipeline(folder: Path) -> None:
    job = yaml.safe_load((CI / "gitlab-ci.yml").read_text())["audit"]
    for script in [*commands(job["before_script"]), *job["script"]]:
        done = run(script, folder)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    for path in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
        assert (folder / path).exists()


def test_the_makefile_passes_and_fails_with_the_policy(folder: Path) -> None:
    done = run("make -f examples/ci/Makefile audit", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "audit" / "audit.junit.xml").exists()
    strict = (CI / "policy.yaml").read_text().replace("max: 0.5", "max: 0")
    (folder / "strict.yaml").write_text(strict)
    failed = run("make -f examples/ci/Makefile audit POLICY=strict.yaml", folder)
    assert failed.returncode == 2  # of make, which says which code the command had
    assert "Error 1" in failed.stderr and "few-constant-neurons" in failed.stdout


def test_the_commands_of_the_page_run_as_printed(folder: Path) -> None:
    page = (CI.parents[1] / "docs/policies.md").read_text(encoding="utf-8")
    [script] = re.findall(r"^```sh\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    done = run(script, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS: policy iris-gate, 4 rules: 4 pass" in done.stdout


def test_the_workflows_name_the_extras_that_there_are() -> None:
    project = (CI.parents[1] / "pyproject.toml").read_text()
    for extra in ("audit", "estimator"):
        assert f"\n{extra} = [" in project
