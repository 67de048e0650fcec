"""Migrations of the SQLite files. A folder given by its absolute path stands in for the program's own."""

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.sqlite_migrations import MigrationRefused, migrate, migrations

FIRST = """
-- a comment; with a semicolon
CREATE TABLE a (x TEXT DEFAULT 'a;b');
CREATE TRIGGER t AFTER INSERT ON a BEGIN
  DELETE FROM a WHERE x = 'no';
  DELETE FROM a WHERE x = 'never';
END;
"""
SECOND = "CREATE TABLE b (y INTEGER);\nINSERT INTO b VALUES (1);\n-- the end"
# minutes of work after a table was made
ENDLESS = """CREATE TABLE half (x INTEGER);
INSERT INTO half WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)
SELECT i FROM n;"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "migrations"
    made.mkdir()
    (made / "0001_first.sql").write_text(FIRST)
    (made / "0002_second.sql").write_text(SECOND)
    (made / "README").write_text("not a migration")
    return made


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "some.db"


def ask(database: Path, sql: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(database)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def names(database: Path) -> set[str]:
    return {str(name) for (name,) in ask(database, "SELECT name FROM sqlite_master WHERE sql IS NOT NULL")}


def test_files_are_applied_once_in_order_and_recorded(database: Path, folder: Path) -> None:
    assert migrate(database, str(folder)) == ["0001_first.sql", "0002_second.sql"]
    assert migrate(database, str(folder)) == []
    assert names(database) == {"a", "t", "b", "schema_migrations"}
    recorded = ask(database, "SELECT name, sha256 FROM schema_migrations ORDER BY name")
    assert recorded == [(m.name, m.sha256) for m in migrations(str(folder))]
    assert ask(database, "PRAGMA user_version") == [(2,)]
    assert ask(database, "PRAGMA journal_mode") == [("wal",)]
    assert database.stat().st_mode & 0o777 == 0o600


def test_a_later_file_is_applied_to_a_database_in_use(database: Path, folder: Path) -> None:
    second = folder / "0002_second.sql"
    second.rename(folder.parent / "later")
    assert migrate(database, str(folder)) == ["0001_first.sql"]
    (folder.parent / "later").rename(second)
    assert migrate(database, str(folder)) == ["0002_second.sql"]


def test_a_dry_run_tells_what_is_pending_and_writes_nothing(database: Path, folder: Path) -> None:
    assert migrate(database, str(folder), dry_run=True) == ["0001_first.sql", "0002_second.sql"]
    assert not database.parent.exists()
    migrate(database, str(folder))
    before = database.read_bytes()
    (folder / "0003_third.sql").write_text("CREATE TABLE c (z);")
    assert migrate(database, str(folder), dry_run=True) == ["0003_third.sql"]
    assert database.read_bytes() == before


def test_a_file_that_fails_leaves_nothing_of_itself(database: Path, folder: Path) -> None:
    (folder / "0003_bad.sql").write_text("CREATE TABLE c (z);\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(database, str(folder))
    assert names(database) == {"a", "t", "b", "schema_migrations"}
    assert ask(database, "PRAGMA user_version") == [(2,)]
    (folder / "0003_bad.sql").write_text("CREATE TABLE c (z);")
    assert migrate(database, str(folder)) == ["0003_bad.sql"]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE TABLE c (z);\nCREATE TABLE d (z)", "has no ';'"),
        ("CREATE TABLE c (z); COMMIT; CREATE TABLE d (z);", "begins or ends a transaction"),
        ("CREATE TABLE c (z); BEGIN; CREATE TABLE d (z);", "begins or ends a transaction"),
    ],
)
def test_a_file_that_could_be_applied_in_part_is_refused(
    database: Path, folder: Path, sql: str, reason: str
) -> None:
    (folder / "0003_bad.sql").write_text(sql)
    with pytest.raises(MigrationRefused, match=f"0003_bad.sql.*{reason}"):
        migrate(database, str(folder))
    assert names(database) == {"a", "t", "b", "schema_migrations"}
    assert ask(database, "PRAGMA user_version") == [(2,)]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_file_changed_after_it_was_applied_is_refused_by_name(
    database: Path, folder: Path, dry_run: bool
) -> None:
    migrate(database, str(folder))
    (folder / "0001_first.sql").write_text(FIRST + "\n")
    (folder / "0003_third.sql").write_text("CREATE TABLE c (z);")
    with pytest.raises(MigrationRefused, match=r"0001_first\.sql was changed"):
        migrate(database, str(folder), dry_run=dry_run)
    assert "c" not in names(database)


def test_a_newer_schema_is_refused_by_name(database: Path, folder: Path) -> None:
    migrate(database, str(folder))
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationRefused, match=r"0002_second\.sql.*newer"):
        migrate(database, str(folder))


def test_a_gap_is_refused(database: Path, folder: Path) -> None:
    migrate(database, str(folder))
    (folder / "0001_a_late_one.sql").write_text("CREATE TABLE c (z);")
    with pytest.raises(MigrationRefused, match=r"0001_a_late_one\.sql is missing"):
        migrate(database, str(folder))


def test_a_file_with_another_name_is_refused(database: Path, folder: Path) -> None:
    (folder / "3-third.sql").write_text("CREATE TABLE c (z);")
    with pytest.raises(MigrationRefused, match=r"3-third\.sql"):
        migrate(database, str(folder))


def test_a_runner_that_is_killed_leaves_nothing_and_the_next_goes_on(database: Path, folder: Path) -> None:
    (folder / "0003_endless.sql").write_text(ENDLESS)
    process = start(database, folder)
    deadline = time.monotonic() + 20
    while not wal_larger_than(database, 3_000_000):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert names(database) == {"a", "t", "b", "schema_migrations"}
    (folder / "0003_endless.sql").write_text("CREATE TABLE c (z);")
    assert migrate(database, str(folder)) == ["0003_endless.sql"]
    assert ask(database, "PRAGMA integrity_check") == [("ok",)]


def test_runners_at_once_apply_each_file_once(tmp_path: Path, folder: Path) -> None:
    for attempt in range(4):
        database = tmp_path / str(attempt) / "some.db"
        runners = [start(database, folder) for _ in range(5)]
        said = []
        for runner in runners:
            out, _ = runner.communicate(timeout=60)
            assert runner.returncode == 0
            said += out.split()
        assert sorted(said) == ["0001_first.sql", "0002_second.sql"]
        assert ask(database, "SELECT count(*) FROM b") == [(1,)]


def start(database: Path, folder: Path) -> subprocess.Popen[str]:
    code = (
        "import sys; from pathlib import Path; from service.sqlite_migrations import migrate\n"
        "print(*migrate(Path(sys.argv[1]), sys.argv[2]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(database), str(folder)], stdout=subprocess.PIPE, text=True
    )


def wal_larger_than(database: Path, size: int) -> bool:
    wal = database.with_name(database.name + "-wal")
    return wal.exists() and wal.stat().st_size > size
