"""The Neo4j store on a real server: the contract."""

from collections.abc import Iterator

import pytest

from service.stores.neo4j import Neo4jStore
from tests.stores.contract import GraphStoreContract
from tests.stores.neo4j_server import Server


@pytest.fixture
def store(neo4j_server: Server) -> Iterator[Neo4jStore]:
    opened = neo4j_server.open()
    opened.migrate()
    yield opened
    for analysis_id in opened.ids():
        opened.delete(analysis_id)
    opened.close()


class TestNeo4jStore(GraphStoreContract):
    @pytest.fixture
    def second(self, neo4j_server: Server, store: Neo4jStore) -> Iterator[Neo4jStore]:
        opened = neo4j_server.open()
        yield opened
        opened.close()
