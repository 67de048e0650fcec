"""What several folders of tests share."""

from tests.chromium import chromium
from tests.stores.neo4j_server import neo4j_server

__all__ = ["chromium", "neo4j_server"]
