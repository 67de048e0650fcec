"""Migrations of Neo4j's schema: applied once, whole or not at all, and refused when they are not known."""

import threading
from collections.abc import Iterator
from importlib.resources import files
from uuid import uuid4

import pytest

from service.neo4j_server.server import LocalServer
from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_connection import Connection
from service.stores.neo4j_schema import migrate
from service.stores.protocol import StoreUnavailable
from tests.networks import random_network
from tests.same import assert_same
from tests.stores.cut_proxy import CutProxy

COMMITS = 50  # more than a migration has


@pytest.fixture
def connection(own_server: LocalServer) -> Iterator[Connection]:
    opened = Connection(own_server.bolt_uri, own_server.user, own_server.password)
    yield opened
    opened.close()


def forget_schema(connection: Connection) -> None:
    for (name,) in connection.write("SHOW CONSTRAINTS YIELD name RETURN name"):
        connection.write("DROP CONSTRAINT $name IF EXISTS", name=name)
    for (name,) in connection.write("SHOW INDEXES YIELD name, type WHERE type = 'RANGE' RETURN name"):
        connection.write("DROP INDEX $name IF EXISTS", name=name)
    connection.write("MATCH (n) WHERE n:__Neo4jMigration OR n:SchemaLock DETACH DELETE n")


def rules(connection: Connection) -> set[str]:
    names = connection.write("SHOW CONSTRAINTS YIELD name RETURN name")
    names += connection.write("SHOW INDEXES YIELD name, type WHERE type = 'RANGE' RETURN name")
    return {name for (name,) in names}


def test_migrations_show_apply_once_and_refuse_what_they_do_not_know(
    own_server: LocalServer, connection: Connection
) -> None:
    store = Neo4jStore(own_server.bolt_uri, own_server.user, own_server.password)
    forget_schema(connection)
    with pytest.raises(StoreUnavailable, match="run: nif migrate"):
        store.ping()
    names = sorted(file.name for file in files("migrations").joinpath("neo4j").iterdir())
    assert store.migrate(dry_run=True) == names
    assert store.migrate(dry_run=True) == names

    applied: list[list[str]] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        applied.append(migrate(connection))

    runners = [threading.Thread(target=run) for _ in range(4)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert sorted(applied) == [[], [], [], names]
    store.ping()

    connection.write(
        "MATCH (m:__Neo4jMigration {version: '0001'}) SET m.kept = m.checksum, m.checksum = 'other' RETURN 1"
    )
    with pytest.raises(StoreUnavailable, match="0001 of Neo4j's schema was changed"):
        store.ping()
    connection.write("MATCH (m:__Neo4jMigration {version: '0001'}) SET m.checksum = m.kept REMOVE m.kept")
    connection.write(
        "MATCH (m:__Neo4jMigration) WHERE NOT (m)-[:MIGRATED_TO]->() CREATE (m)-[:MIGRATED_TO]->"
        "(:__Neo4jMigration {version: '0999', description: 'later', type: 'CYPHER', checksum: '1',"
        " source: 'later.cypher'})"
    )
    for ask in (store.ping, store.migrate):
        with pytest.raises(StoreUnavailable, match=r"0999 .* newer version of this program"):
            ask()
    connection.write("MATCH (m:__Neo4jMigration {version: '0999'}) DETACH DELETE m")
    store.ping()
    store.close()


def test_a_migration_that_is_cut_at_any_commit_is_completed_by_the_next(
    own_server: LocalServer, connection: Connection
) -> None:
    forget_schema(connection)
    migrate(connection)
    whole = rules(connection)
    for cut_at in range(COMMITS):
        forget_schema(connection)
        proxy = CutProxy(own_server.options.bolt_port, cut_at)
        store = Neo4jStore(f"bolt://127.0.0.1:{proxy.port}", own_server.user, own_server.password)
        if proxy_survived(store, proxy):
            break
        store.migrate()
        store.ping()
        assert rules(connection) == whole
        assert migrate(connection) == []
        store.close()
        proxy.shut()
    assert cut_at >= 4, "lock, records and rules are committed one by one"
    store.close()
    proxy.shut()
    direct = Neo4jStore(own_server.bolt_uri, own_server.user, own_server.password)
    name = str(uuid4())  # other files have networks on this server
    direct.write(name, random_network(1))
    assert_same(direct.network(name), random_network(1))
    direct.delete(name)
    direct.close()


def proxy_survived(store: Neo4jStore, proxy: CutProxy) -> bool:
    """Migrate; False if the connection was cut, and then either an error says so or all went well."""
    try:
        store.migrate()
    except StoreUnavailable:
        assert proxy.cut
    return not proxy.cut
