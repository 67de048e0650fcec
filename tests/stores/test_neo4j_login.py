from pathlib import Path

import pytest

from estimator.errors import InvalidParameter
from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_login import login, open_neo4j
from service.stores.open import open_store


def test_the_password_is_in_a_variable_or_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from a file\n")
    assert login({"NIF_NEO4J_PASSWORD": "secret"}) == ("neo4j", "secret")
    assert login({"NIF_NEO4J_USER": "nif", "NIF_NEO4J_PASSWORD_FILE": str(file)}) == ("nif", "from a file")


@pytest.mark.parametrize("content", ["", "two\nlines\n", "\n"])
def test_a_file_without_one_password_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "password"
    file.write_text(content)
    with pytest.raises(InvalidParameter, match="one line"):
        login({"NIF_NEO4J_PASSWORD_FILE": str(file)})
    with pytest.raises(InvalidParameter, match="cannot be read"):
        login({"NIF_NEO4J_PASSWORD_FILE": str(tmp_path / "absent")})


def test_a_login_is_needed_and_only_one() -> None:
    with pytest.raises(InvalidParameter, match="neither is set"):
        login({})
    with pytest.raises(InvalidParameter, match="both are set") as caught:
        login({"NIF_NEO4J_PASSWORD": "secret", "NIF_NEO4J_PASSWORD_FILE": "/x"})
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize(
    "uri", ["bolt://", "bolt://host/db", "neo4j://host?x=1", "bolt://u:secret@host:7687"]
)
def test_a_uri_that_is_not_a_servers_is_refused_without_its_secrets(uri: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        open_neo4j(uri, {"NIF_NEO4J_PASSWORD": "secret"})
    assert caught.value.errors[0].field == "store"
    assert "secret" not in caught.value.detail


def test_the_setting_opens_neo4j(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIF_NEO4J_PASSWORD", "secret")
    monkeypatch.delenv("NIF_NEO4J_PASSWORD_FILE", raising=False)
    store = open_store("bolt://127.0.0.1:7687")
    assert isinstance(store, Neo4jStore)
    store.close()
