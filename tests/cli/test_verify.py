"""`nif audit --bundle` and `nif verify` through the shell: 0 holds, 1 does not, 2 cannot be checked."""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from service.evidence.archive import archive_of, members_of
from service.evidence.envelope import MEMBER, seal, unseal
from service.evidence.signing import read_signing_key
from tests.cli.nif import IRIS, ROOT, environment, nif, refusal

MODEL, DATA = IRIS
POLICY = "version: 1\nrules:\n  - {id: rows, rule: minimum-rows, min: 100}\n"


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed")
    (folder / "policy.yaml").write_text(POLICY)
    assert nif(folder, "keys", "signing", "create", "auditor").returncode == 0
    assert nif(folder, "keys", "signing", "create", "other").returncode == 0
    done = nif(
        folder, "audit", MODEL, DATA, "--policy", "policy.yaml", "--target", "species",
        "--bundle", "out.nif.zip", "--signing-key", "auditor.key", "--include-data",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_a_bundle_holds_and_comes_out_the_same_again(signed):
    verified = ("verify", "out.nif.zip", "--key", "auditor.pub")
    done = nif(signed, *verified, "--rerun", "--model", MODEL)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the same numbers to the last bit" in done.stdout
    said = json.loads(nif(signed, *verified, "--json").stdout)
    assert said["verified"] is True
    assert said["statement"]["predicate"]["verdict"] == "pass"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("out.nif.zip", "--key", "other.pub"), 1, "not signed by the given key"),
        (("out.nif.zip", "--key", "auditor.pub", "--model", str(DATA)), 1, "subject hash differs"),
        (("out.nif.zip", "--key", "auditor.key"), 2, "holds a private key"),
        (("policy.yaml", "--key", "auditor.pub"), 1, "not a whole zip file"),
        (("gone.zip", "--key", "auditor.pub"), 2, "No such file"),
        (("out.nif.zip", "--key", "gone.pub"), 2, "No such file"),
        (("out.nif.zip",), 2, "--key"),
        (("out.nif.zip", "--key", "auditor.pub", "--rerun"), 2, "--rerun needs --model"),
    ],
)  # fmt: skip
def test_each_fault_has_its_exit_code(signed, arguments, code, words):
    done = nif(signed, "verify", *arguments)
    assert done.returncode == code, done
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_changed_member_is_named(signed, tmp_path):
    members = members_of((signed / "out.nif.zip").read_bytes())
    members["audit.json"] = members["audit.json"].replace(b'"pass"', b'"fail"')
    shutil.copy(signed / "auditor.pub", tmp_path)
    (tmp_path / "changed.zip").write_bytes(archive_of(members))
    done = nif(tmp_path, "verify", "changed.zip", "--key", "auditor.pub", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["member"] == "'audit.json'"


@pytest.mark.parametrize(
    ("versions", "code", "words"), [(False, 1, "do not come out again"), (True, 2, "because")]
)
def test_a_rerun_that_differs_says_what_by_how_much_and_why(signed, tmp_path, versions, code, words):
    """A bundle that its signer filled with other numbers; with other versions that is no verdict."""
    members = members_of((signed / "out.nif.zip").read_bytes())
    network = json.loads(members["network.json"])
    network["links"][0]["mi"] += 0.125
    if versions:
        network["graph"]["provenance"]["versions"]["torch"] = "0.1"
    key = read_signing_key(signed / "auditor.key")
    statement = json.loads(unseal(members.pop(MEMBER), key.public))
    members["network.json"] = json.dumps(network).encode()
    hashes = {name: sha256(data).hexdigest() for name, data in members.items()}
    statement["predicate"]["members"] = hashes
    members[MEMBER] = seal(json.dumps(statement, sort_keys=True).encode(), key)
    shutil.copy(signed / "auditor.pub", tmp_path)
    (tmp_path / "other.zip").write_bytes(archive_of(members))
    done = nif(tmp_path, "verify", "other.zip", "--key", "auditor.pub", "--rerun", "--model", MODEL)
    assert done.returncode == code, done
    assert "mi: 1 value differs, by at most 0.125; first links[0].mi" in done.stdout
    assert words in done.stdout


def test_what_cannot_be_signed_is_refused_before_the_analysis(signed, tmp_path):
    shutil.copy(signed / "policy.yaml", tmp_path)
    audited = ("audit", MODEL, DATA, "--policy", "policy.yaml", "--bundle", "out.zip")
    assert "--signing-key is missing" in refusal(nif(tmp_path, *audited))
    public = str(signed / "auditor.pub")
    assert "not a private signing key" in refusal(nif(tmp_path, *audited, "--signing-key", public))
    network = ("audit", "--network", "x", "--policy", "policy.yaml", "--bundle", "out.zip")
    assert "give MODEL and DATA" in refusal(nif(tmp_path, *network, "--signing-key", public))
    assert not (tmp_path / "out.zip").exists()


def test_a_key_is_never_overwritten_and_shows_its_id(signed):
    assert "exists already" in refusal(nif(signed, "keys", "signing", "create", "auditor"))
    shown = nif(signed, "keys", "signing", "show", "auditor.pub").stdout.strip()
    assert len(shown) == 64
    assert "key" in nif(signed, "keys", "list").stderr, "a signing key is no API key"


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("cryptography", ["keys", "signing", "create", "x"]),
        ("cryptography", ["verify", "out.nif.zip", "--key", "auditor.pub"]),
        ("mlflow", ["audit", str(MODEL), str(DATA), "--policy", "policy.yaml", "--mlflow-run", "1"]),
        ("mlflow", ["analyze", "models:/iris/1", str(DATA)]),
    ],
)
def test_an_extra_that_is_not_installed_is_named_in_one_line(signed, module, arguments):
    """A module set to None in sys.modules is one that cannot be imported."""
    program = f"import sys; sys.modules[{module!r}] = None; from service.cli.exits import run; sys.exit(run(sys.argv[1:]))"  # noqa: E501
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=signed,
        env=environment(
            signed / "data", {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}
        ),
        capture_output=True,
        text=True,
        timeout=120,
    )
    extra = {"cryptography": "evidence", "mlflow": "mlflow"}[module]
    assert f"pip install 'neural-information-flow[{extra}]'" in refusal(done)
