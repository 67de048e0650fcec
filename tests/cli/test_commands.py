"""Every command has help with an example; what is mistyped gets the near name; keys and migrations."""

import pytest

from service.cli.commands import COMMANDS
from tests.cli.nif import nif, refusal


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(tmp_path, command):
    done = nif(tmp_path, command, "--help")
    assert done.returncode == 0
    assert f"nif {command}" in done.stdout.partition("Usage")[2].partition("\n")[2]


def test_a_mistyped_command_or_setting_gets_the_near_name(tmp_path):
    assert "did you mean 'analyze'" in refusal(nif(tmp_path, "analyse"))
    assert "did you mean NIF_WORKERS?" in refusal(nif(tmp_path, "settings", env={"NIF_WROKERS": "2"}))


def test_nothing_asked_shows_the_help_and_is_an_error(tmp_path):
    done = nif(tmp_path)
    assert done.returncode == 2
    assert "Commands:" in done.stderr


def test_migrate_makes_all_databases_once_and_a_dry_run_makes_nothing(tmp_path):
    dry = nif(tmp_path, "migrate", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "would apply" in dry.stdout
    assert not (tmp_path / "data").exists()
    done = nif(tmp_path, "migrate")
    assert dry.stdout.replace("would apply", "applied") == done.stdout
    assert nif(tmp_path, "migrate").stdout == "up to date\n"


def test_a_lost_queue_database_is_not_made_anew_in_silence(tmp_path):
    assert nif(tmp_path, "migrate").returncode == 0
    (tmp_path / "data/queue.db").unlink()
    assert "was made before and is gone" in refusal(nif(tmp_path, "migrate"))
    assert not (tmp_path / "data/queue.db").exists()


def test_a_key_is_made_shown_once_listed_and_revoked(tmp_path):
    made = nif(tmp_path, "keys", "create", "--name", "lap\ttop")
    assert "name is" in refusal(made)
    made = nif(tmp_path, "keys", "create", "--name", "laptop")
    key = made.stdout.strip()
    assert key.startswith("nif_")
    assert "not shown again" in made.stderr
    listed = nif(tmp_path, "keys", "list").stdout
    assert "laptop" in listed
    assert key not in listed
    for path in (tmp_path / "data").rglob("*"):
        assert not path.is_file() or key.encode() not in path.read_bytes()
    key_id = listed.split()[0]
    assert "revoked" in nif(tmp_path, "keys", "revoke", key_id).stdout
    assert "revoked" in nif(tmp_path, "keys", "list").stdout
    assert "no API key" in refusal(nif(tmp_path, "keys", "revoke", "nobody"))
