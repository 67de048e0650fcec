"""`nif audit --baseline` of a retrained model: matched by what neurons do, and run again from its bundle."""

from pathlib import Path

import numpy as np
import pytest

from tests.cli.nif import nif, refusal
from tests.estimator.permuted_models import ROWS, network_of, permuted, weights_of

POLICY = "version: 1\nrules:\n- {rule: baseline-change, max: 0.05}\n"
AUDITED = ("audit", "new.onnx", "rows.csv", "--policy", "policy.yaml", "--permutations", "20")
VERIFY = ("verify", "out.nif.zip", "--key", "auditor.pub")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An old model, analysed, and a new one: the same function with its hidden neurons in another order."""
    made = tmp_path_factory.mktemp("baseline")
    (made / "policy.yaml").write_text(POLICY)
    (made / "old.onnx").write_bytes(network_of(*weights_of(0)))
    (made / "new.onnx").write_bytes(permuted(*weights_of(0), np.array([3, 0, 5, 1, 4, 2])))
    rows = np.random.default_rng(1).normal(size=(ROWS, 3))
    np.savetxt(made / "rows.csv", rows, delimiter=",", header="a,b,c", comments="")
    analysed = ("analyze", "old.onnx", "rows.csv", "--permutations", "20", "--store", "none")
    assert nif(made, *analysed, "--output", "old").returncode == 0
    assert nif(made, "keys", "signing", "create", "auditor").returncode == 0
    return made


def test_neurons_in_another_order_are_no_change_where_the_baselines_model_is_given(folder: Path) -> None:
    signed = ("--bundle", "out.nif.zip", "--signing-key", "auditor.key")
    done = nif(folder, *AUDITED, "--baseline", "old", "--baseline-model", "old.onnx", *signed)
    assert done.returncode == 0, done.stdout + done.stderr
    by_name = nif(folder, *AUDITED, "--baseline", "old")
    assert by_name.returncode == 1
    assert "hidden neurons were matched by name; give the baseline's model" in by_name.stdout

    files = ("--model", "new.onnx", "--data", "rows.csv")
    assert "--rerun needs --baseline-model" in refusal(nif(folder, *VERIFY, "--rerun", *files))
    other = nif(folder, *VERIFY, "--baseline-model", "new.onnx")
    assert other.returncode == 1 and "baseline-model given is another" in other.stderr
    again = nif(folder, *VERIFY, "--rerun", *files, "--baseline-model", "old.onnx")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "the same numbers to the last bit, and the same verdicts" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*AUDITED, "--baseline-model", "old.onnx"), "give --baseline NETWORK"),
        (("audit", "--network", "old", "--policy", "policy.yaml", "--baseline", "old", "--baseline-model",
          "old.onnx"), "give MODEL and DATA"),
        ((*AUDITED, "--baseline", "old", "--baseline-model", "gone.onnx"), "No such file"),
    ],
)  # fmt: skip
def test_a_baselines_model_without_what_it_needs_is_refused(
    folder: Path, arguments: tuple[str, ...], says: str
) -> None:
    assert says in refusal(nif(folder, *arguments))
