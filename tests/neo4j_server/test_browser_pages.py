"""The folder that Neo4j serves Browser from."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from estimator.errors import Unavailable
from service.neo4j_server.browser_pages import POLICY, write_browser_pages
from service.neo4j_server.provision import provide_jars


def test_every_page_has_the_policy_before_anything_that_it_loads(tmp_path: Path) -> None:
    web = tmp_path / "web"
    for _ in range(2):
        write_browser_pages(web, provide_jars().lib)
    pages = list(web.rglob("*.html"))
    assert {page.name for page in pages} == {"index.html", "guide.html"}
    page = (web / "browser/index.html").read_text(encoding="utf-8")
    head = page.partition("<head>")[2]
    assert head.startswith(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">')


def test_a_browser_of_another_build_is_refused_rather_than_served_without_the_policy(tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    lib.mkdir()
    with ZipFile(lib / "org.neo4j.client.neo4j-browser-6.0.0.jar", "w") as jar:
        jar.writestr("browser/index.html", "<html><HEAD lang=en></HEAD></html>")
    with pytest.raises(Unavailable, match="no <head> to put the page's policy behind"):
        write_browser_pages(tmp_path / "web", lib)
