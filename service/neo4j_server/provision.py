"""Fetch the server's jars with Maven, once a machine, into a cache outside of any working tree."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from platformdirs import user_cache_path

from estimator.errors import MissingExtra, Unavailable
from service.neo4j_server.java import find_java_home

# The jars that hold procedures: a server looks for procedures in its plugins folder only.
PLUGINS = (
    "alpha-proc", "proc-catalog", "proc-centrality", "proc-common", "proc-community", "proc-embeddings",
    "proc-machine-learning", "proc-misc", "proc-path-finding", "proc-pipeline-catalog", "proc-similarity",
    "proc-sysinfo",
)  # fmt: skip
MAVEN_SECONDS = 900


@dataclass(frozen=True)
class Jars:
    """Folders of the server's jars, and the Java to run them with."""

    lib: Path
    plugins: Path
    java_home: Path

    @property
    def java(self) -> str:
        return str(self.java_home / "bin" / "java")


def provide_jars(cache: Path | None = None) -> Jars:
    """The jars, from the cache or from Maven Central. Processes that ask at once fetch them once.

    Raises MissingExtra without Maven or a fit Java, Unavailable if the download fails.
    """
    java_home = find_java_home()
    pom = files("service.neo4j_server").joinpath("pom.xml")
    recipe = hashlib.sha256(pom.read_bytes() + repr(PLUGINS).encode()).hexdigest()[:16]
    root = (cache or user_cache_path("nif")) / "neo4j"
    root.mkdir(parents=True, exist_ok=True)
    ready = root / recipe
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.is_dir():
            with as_file(pom) as path:
                _fetch(path, root / f"{recipe}.part", java_home)
            (root / f"{recipe}.part").rename(ready)
    return Jars(lib=ready / "lib", plugins=ready / "plugins", java_home=java_home)


def _fetch(pom: Path, folder: Path, java_home: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingExtra(
            "Maven fetches Neo4j, and there is no `mvn` on the PATH; Debian: apt-get install maven"
        )
    shutil.rmtree(folder, ignore_errors=True)
    lib, plugins = folder / "lib", folder / "plugins"
    plugins.mkdir(parents=True)
    command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={lib}"]
    try:
        said = subprocess.run(
            command,
            env={**os.environ, "JAVA_HOME": str(java_home)},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=MAVEN_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"Maven did not fetch Neo4j within {MAVEN_SECONDS} s") from error
    if said.returncode != 0:
        raise Unavailable(f"Maven could not fetch Neo4j:\n{(said.stdout + said.stderr).strip()[-3000:]}")
    for name in PLUGINS:
        (jar,) = lib.glob(f"org.neo4j.gds.{name}-[0-9]*.jar")
        shutil.copy2(jar, plugins)
