"""The embedded store: the contract, and what only a file can suffer."""

import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from estimator.errors import InvalidParameter
from estimator.network import FlowNetwork
from service.sqlite_migrations import migrations
from service.stores.embedded import EmbeddedStore
from service.stores.open import open_store
from service.stores.protocol import EdgeFilter, NeuronFilter, Slice, StoreUnavailable
from tests.networks import flow_network, random_network
from tests.same import assert_same
from tests.stores.contract import GraphStoreContract

MIGRATIONS = [migration.name for migration in migrations("embedded")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nif.db"


@pytest.fixture
def store(path: Path) -> EmbeddedStore:
    opened = EmbeddedStore(path)
    opened.migrate()
    return opened


class TestEmbeddedStore(GraphStoreContract):
    @pytest.fixture
    def second(self, path: Path, store: EmbeddedStore) -> EmbeddedStore:
        return EmbeddedStore(path)


def middling() -> FlowNetwork:
    return flow_network([60, 50, 10], {(0, 1): np.full((60, 50), 0.5), (1, 2): np.full((50, 10), 0.5)})


def execute(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Past the store, straight into the file; the last statement's rows."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return [db.execute(statement).fetchall() for statement in statements][-1]


def check(path: Path) -> object:
    return execute(path, "PRAGMA integrity_check")[0][0]


def test_only_migrate_makes_the_file(path: Path) -> None:
    store = EmbeddedStore(path)
    for ask in (
        store.ping,
        store.ids,
        lambda: store.exists("a"),
        lambda: store.write("a", random_network(1)),
    ):
        with pytest.raises(StoreUnavailable, match="not there"):
            ask()
    assert store.migrate(dry_run=True) == MIGRATIONS
    assert list(path.parent.iterdir()) == []
    assert store.migrate() == MIGRATIONS
    store.ping()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_removed_is_not_made_again(store: EmbeddedStore, path: Path) -> None:
    store.write("a", random_network(1))
    path.unlink()
    for ask in (store.ping, store.ids, lambda: store.delete("a"), lambda: store.network("a")):
        with pytest.raises(StoreUnavailable, match="not there"):
            ask()
    assert not path.exists()


def test_no_path_is_shown_in_an_error(path: Path) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        EmbeddedStore(path).ping()
    assert str(path.parent) not in caught.value.detail


def test_a_file_that_is_no_database_or_damaged_is_said_so(store: EmbeddedStore, path: Path) -> None:
    store.write("a", middling())
    whole = bytearray(path.read_bytes())
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreUnavailable, match="not a SQLite database"):
        store.ping()
    for page in range(1, len(whole) // 4096):
        whole[page * 4096 : (page + 1) * 4096] = bytes(4096)
    path.write_bytes(whole)
    with pytest.raises(StoreUnavailable, match="damaged"):
        store.ids()


def test_an_empty_file_or_a_newer_schema_is_refused(store: EmbeddedStore, path: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreUnavailable, match="run `nif migrate`"):
        EmbeddedStore(tmp_path / "empty.db").ping()
    later = "INSERT INTO schema_migrations VALUES ('0999_later.sql', 'x', 'y')"
    execute(path, later, "PRAGMA user_version = 999")
    with pytest.raises(StoreUnavailable, match="newer version"):
        store.ids()
    with pytest.raises(StoreUnavailable, match=r"0999_later\.sql"):
        store.migrate()


def test_a_store_that_another_writes_to_is_alive_and_readable(store: EmbeddedStore, path: Path) -> None:
    store.write("a", random_network(1))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.ping()
    assert store.ids() == ["a"]
    other.execute("ROLLBACK")
    other.close()


def test_a_lock_held_too_long_is_unavailable_and_not_an_error_of_ours(
    store: EmbeddedStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.stores.embedded.READ_SECONDS", 0.1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.delete("a")
    other.close()


@pytest.mark.parametrize("room", [0, 20_000, 100_000, 300_000])
def test_a_disk_that_takes_no_more_leaves_the_store_as_it_was(
    store: EmbeddedStore, path: Path, room: int
) -> None:
    """A limit on the size of files stands in for the disk: the write fails at some point on its way."""
    store.write("before", random_network(1))
    limit = max(file.stat().st_size for file in path.parent.iterdir()) + room
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from service.stores.embedded import EmbeddedStore\n"
        "from service.stores.protocol import StoreUnavailable\n"
        "from tests.stores.test_embedded import middling\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "try:\n    EmbeddedStore(Path(sys.argv[1])).write('a', middling())\n"
        "except StoreUnavailable as error:\n    print(error.detail); sys.exit(3)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path, str(limit)], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert "disk" in done.stdout
    assert store.ids() == ["before"]
    assert check(path) == "ok"
    store.write("a", middling())
    assert_same(store.network("a"), middling())


def test_a_writer_that_is_killed_leaves_the_whole_network_or_none(store: EmbeddedStore, path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from service.stores.embedded import EmbeddedStore\n"
        "from tests.stores.test_embedded import middling\n"
        "network = middling(); store = EmbeddedStore(Path(sys.argv[1]))\n"
        "store.write('first', network); print('ready', flush=True)\n"
        "for n in range(1000):\n    store.write(f'{n:04}', network)\n"
    )
    for seconds in (0.01, 0.07, 0.19, 0.31):
        process = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        threading.Event().wait(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for analysis_id in store.ids():
            assert store.edges(analysis_id, EdgeFilter(), Slice(limit=0)).total == 3500
            assert store.neurons(analysis_id, NeuronFilter(), Slice(limit=0)).total == 120
            assert_same(store.network(analysis_id), middling())
            store.delete(analysis_id)
        assert check(path) == "ok"


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        EmbeddedStore(tmp_path / "file" / "nif.db").migrate()


def test_rows_of_a_deleted_network_are_gone_from_every_table(store: EmbeddedStore, path: Path) -> None:
    store.write("a", random_network(1))
    store.delete("a")
    for table in ("networks", "arrays", "neurons", "graph_facts", "edges", "probes"):
        assert execute(path, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608


def test_no_descriptor_stays_open(store: EmbeddedStore, path: Path) -> None:
    store.write("a", random_network(1))
    store.edges("a", EdgeFilter(), Slice())
    store.neurons("a", NeuronFilter(), Slice(), 0.1)
    with pytest.raises(InvalidParameter):
        store.edges("a", EdgeFilter(), Slice("no such sort"))
    opened = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert [name for name in opened if name.startswith(str(path))] == []


def test_the_setting_names_the_file(tmp_path: Path) -> None:
    store = open_store(f"embedded://{tmp_path}/a%20b?.db")
    store.migrate()
    assert (tmp_path / "a%20b?.db").exists()


@pytest.mark.parametrize(
    "uri", ["", "nif.db", "embedded://nif.db", "embedded:///", "embedded:/x", "redis://u:secret@h", "bolt//x"]
)
def test_a_setting_that_names_no_store_is_refused_without_its_secrets(uri: str) -> None:
    with pytest.raises(InvalidParameter, match="embedded:///var/lib/nif") as caught:
        open_store(uri)
    assert "secret" not in caught.value.detail
