"""Lets a failed assertion of the contract show its values, as one in a test file does."""

import pytest

from tests.stores.neo4j_server import own_server

__all__ = ["own_server"]
PARTS = ("beta", "graph", "odd", "pages", "rows", "studies", "whole")
pytest.register_assert_rewrite("tests.same", *(f"tests.stores.contract_{part}" for part in PARTS))
