"""Models that packages of the registry ship, fetched by pip once and kept among the caches."""

import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from benchmarks.published_models import with_sizes


@dataclass(frozen=True)
class Published:
    """package: with its version (both are under the Apache licence, silero-vad under MIT). sizes: of the
    first input, where the file leaves them free."""

    package: str
    member: str
    sizes: tuple[str, ...] = ()

    def model(self) -> bytes:
        """Fails, saying so, where there is neither a registry nor an earlier copy."""
        name = f"{self.package}+{Path(self.member).name}"
        kept = platformdirs.user_cache_path("nif-tests") / name
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(_fetched(self.package, self.member))
        data = kept.read_bytes()
        return with_sizes(data, list(self.sizes)) if self.sizes else data


def _fetched(package: str, member: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary", ":all:", "--dest", folder, package]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"pip cannot fetch {package}: {done.stderr}"
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(member)
