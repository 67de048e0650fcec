"""Settings: strict values, no unknown names, and it is always said where a value came from."""

import json
import stat
from pathlib import Path

import pytest

from estimator.errors import InvalidParameter
from service.settings import is_loopback, load, load_settings, with_overrides
from tests.cli.nif import nif


def file_of(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "nif.env"
    path.write_bytes(text.encode())
    path.chmod(mode)
    return path


def refused(env: dict[str, str] | None = None, file: Path | None = None) -> str:
    with pytest.raises(InvalidParameter) as caught:
        load(env or {}, file)
    return caught.value.detail


def test_defaults_are_safe_and_complete():
    settings = load_settings({"NIF_DATA_DIR": "/srv/nif"})
    assert settings.host == "127.0.0.1"
    assert not settings.needs_keys
    assert settings.store == "embedded:///srv/nif/network.db"
    assert settings.queue == "sqlite:////srv/nif/queue.db"
    assert settings.job_attempts == 3


@pytest.mark.parametrize(
    ("name", "near"),
    [("NIF_WROKERS", "NIF_WORKERS"), ("NIF_Port", "NIF_PORT"), ("NIF_SETINGS_FILE", "NIF_SETTINGS_FILE")],
)
def test_an_unknown_name_is_an_error_with_the_near_one(name, near):
    assert f"did you mean {near}?" in refused({name: "1"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("NIF_PORT", "0x50"),
        ("NIF_PORT", "80 "),
        ("NIF_PORT", "+80"),
        ("NIF_PORT", "65536"),
        ("NIF_PORT", "1_000"),
        ("NIF_PORT", "٨٠"),
        ("NIF_PORT", ""),
        ("NIF_HOST", ""),
        ("NIF_HOST", "a b"),
        ("NIF_PUBLIC", "no"),
        ("NIF_PUBLIC", "False"),
        ("NIF_PUBLIC", "1"),
        ("NIF_JOB_TIME_LIMIT", "nan"),
        ("NIF_JOB_TIME_LIMIT", "inf"),
        ("NIF_JOB_TIME_LIMIT", "1e3"),
        ("NIF_JOB_TIME_LIMIT", "0"),
        ("NIF_DATA_DIR", "relative"),
        ("NIF_DATA_DIR", ""),
        ("NIF_STORE", "/some/path"),
        ("NIF_QUEUE", "mysql://u:canary@h/d"),
        ("NIF_QUEUE", ""),
        ("NIF_LOG_LEVEL", "loud"),
        ("NIF_WORKER_NAME", "a/b"),
    ],
)
def test_a_value_that_would_have_to_be_guessed_at_is_refused_by_name(name, text):
    detail = refused({name: text})
    assert detail.startswith(f"{name} (environment)")
    assert "canary" not in detail


def test_false_is_false():
    assert load_settings({"NIF_PUBLIC": "false"}).public is False
    assert load_settings({"NIF_PUBLIC": "true"}).needs_keys


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidParameter) as caught:
        load({"NIF_PORT": "x", "NIF_WROKERS": "1", "NIF_PUBLIC": "maybe"})
    assert {place.field for place in caught.value.errors} == {"NIF_PORT", "NIF_WROKERS", "NIF_PUBLIC"}


def test_the_environment_wins_over_the_file_and_this_is_said(tmp_path):
    file = file_of(tmp_path, "NIF_PORT=9000\r\nNIF_WORKERS='2'\r\n# a comment\r\n\r\n")
    loaded = load({"NIF_PORT": "9001", "NIF_SETTINGS_FILE": str(file)})
    assert (loaded.settings.port, loaded.settings.workers) == (9001, 2)
    assert loaded.overridden == ("NIF_PORT",)
    assert loaded.sources["port"] == "environment"
    assert loaded.sources["workers"] == str(file)
    assert loaded.sources["host"] == "default"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NIF_PORT=1\nNIF_PORT=2\n", "line 2, sets NIF_PORT a second time"),
        ("NIF_PORT=1\n\nNIF_HOST\n", "line 3, is not of the form"),
        ("NIF_PROT=1\n", "did you mean NIF_PORT?"),
        ("PATH=/tmp\n", "there is no setting 'PATH'"),
        ("NIF_PORT=\n", "is empty"),
        ("NIF_DATA_DIR=$HOME/x\n", "'$HOME/x'"),
    ],
)
def test_a_wrong_file_is_refused_by_its_line(tmp_path, text, words):
    assert words in refused(file=file_of(tmp_path, text))


def test_a_file_that_is_none_is_refused(tmp_path):
    assert "is not a file" in refused({"NIF_SETTINGS_FILE": str(tmp_path)})
    assert "cannot be opened" in refused({"NIF_SETTINGS_FILE": str(tmp_path / "absent")})
    assert "not UTF-8 at byte 9" in refused(file=bytes_file(tmp_path, b"NIF_PORT=\xff"))


def bytes_file(folder: Path, data: bytes) -> Path:
    path = folder / "bytes.env"
    path.write_bytes(data)
    return path


def test_a_file_with_a_password_must_be_private(tmp_path):
    text = "NIF_QUEUE=postgresql://nif:canary@host/nif\n"
    detail = refused(file=file_of(tmp_path, text, 0o644))
    assert "chmod 600" in detail
    assert "canary" not in detail
    file = file_of(tmp_path, text)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_settings({}, file).queue.startswith("postgresql://nif:canary@")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),  # noqa: S104
     ("::", False), ("127.evil.example.com", False), ("192.168.1.2", False), ("nas", False)],
)  # fmt: skip
def test_what_is_loopback(host, loopback):
    assert is_loopback(host) is loopback
    assert load_settings({"NIF_HOST": host}).needs_keys is not loopback


def test_overrides_are_settings_of_the_environment():
    assert load_settings(with_overrides({"port": 9, "host": "::1"})).port == 9
    with pytest.raises(KeyError):
        with_overrides({"prot": 9})


def test_nif_settings_lists_all_masks_passwords_and_says_the_source(tmp_path):
    file = file_of(tmp_path, "NIF_QUEUE=postgresql://nif:canary@host/nif\nNIF_PORT=9000\n")
    env = {"NIF_SETTINGS_FILE": str(file), "NIF_PORT": "9001"}
    done = nif(tmp_path, "settings", "--json", env=env)
    assert done.returncode == 0
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["NIF_QUEUE"]["value"] == "postgresql://***@host/nif"
    assert rows["NIF_QUEUE"]["source"] == str(file)
    assert rows["NIF_PORT"] | {"help": ""} == {
        "name": "NIF_PORT",
        "value": 9001,
        "source": "environment",
        "help": "",
    }
    assert all(row["help"] for row in rows.values())
    assert "NIF_PORT is set in the file and in the environment" in done.stderr
    plain = nif(tmp_path, "settings", env=env)
    assert "canary" not in done.stdout + done.stderr + plain.stdout
    assert all(name in plain.stdout for name in rows)
