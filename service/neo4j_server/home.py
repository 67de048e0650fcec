"""A server's home: its configuration, its data, and the file with its password."""

import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from estimator.errors import Unavailable
from service.neo4j_server.browser_pages import browser_commands, write_browser_pages
from service.neo4j_server.provision import Jars

USER = "neo4j"
ADMIN_SECONDS = 120
# An unknown key stops the start. The heap is not among them: only Neo4j's own launcher reads it from here.
_CONFIGURATION = """\
server.directories.plugins={plugins}
server.directories.lib={lib}
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{bolt_port}
server.bolt.advertised_address=127.0.0.1:{bolt_port}
server.http.listen_address=127.0.0.1:{http_port}
server.http.advertised_address=127.0.0.1:{http_port}
server.memory.pagecache.size={page_cache}
server.bolt.connection_keep_alive={keep_alive}
db.tx_log.preallocate=false
dbms.security.procedures.unrestricted=gds.*
dbms.security.allow_csv_import_from_file_urls=false
dbms.usage_report.enabled=false
client.allow_telemetry=false
browser.post_connect_cmd={browser_commands}
browser.remote_content_hostname_whitelist=127.0.0.1
"""


@dataclass(frozen=True)
class ServerOptions:
    """heap, page_cache: as Java and Neo4j write sizes. The heap fits a network of 2 million edges.

    keep_alive: how often a server at work gives a sign of life; clients give it up when two fail to come.
    lines: more of neo4j.conf, one setting each.
    """

    home: Path
    bolt_port: int = 7687
    http_port: int = 7474
    heap: str = "1g"
    page_cache: str = "128m"
    keep_alive: str = "15s"
    lines: tuple[str, ...] = ()

    @property
    def browser_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/browser/"

    @property
    def password_file(self) -> Path:
        return self.home / "password"


def prepare_home(options: ServerOptions, jars: Jars) -> None:
    """Write configuration and Browser pages; before the first start also generate and set the password."""
    (options.home / "conf").mkdir(parents=True, exist_ok=True)
    options.home.chmod(0o700)
    (options.home / "conf" / "neo4j.conf").write_text(
        _CONFIGURATION.format(
            plugins=jars.plugins,
            lib=jars.lib,
            bolt_port=options.bolt_port,
            http_port=options.http_port,
            page_cache=options.page_cache,
            keep_alive=options.keep_alive,
            browser_commands=browser_commands(options.browser_url),
        )
        + "".join(f"{line}\n" for line in options.lines),
        encoding="utf-8",
    )
    write_browser_pages(options.home / "web", jars.lib)
    # The password counts once both files are there; a start that was killed in between begins again.
    if not (options.password_file.exists() and (options.home / "data" / "dbms" / "auth.ini").exists()):
        _set_password(options, jars)


def _set_password(options: ServerOptions, jars: Jars) -> None:
    part = options.home / "password.part"
    part.unlink(missing_ok=True)
    password = secrets.token_hex(24)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password + "\n")
    command = [jars.java, "-cp", f"{jars.lib}/*", "org.neo4j.cli.AdminTool", "dbms", "set-initial-password"]
    paths = {"NEO4J_HOME": str(options.home), "NEO4J_CONF": str(options.home / "conf")}
    said = subprocess.run(
        [*command, f"@{part}"],  # from the file, so that the list of processes doesn't show it
        env={**os.environ, **paths, "JAVA_HOME": str(jars.java_home)},
        capture_output=True,
        text=True,
        timeout=ADMIN_SECONDS,
    )
    if said.returncode != 0:
        told = (said.stdout + said.stderr).replace(password, "***").strip()[-2000:]
        raise Unavailable(f"Neo4j's password could not be set in {options.home}:\n{told}")
    part.replace(options.password_file)
