"""In the child: read model and data, analyse them, leave the network in a file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from estimator.data.table import TableFormat
from estimator.errors import BlobCorrupt
from estimator.options import Options
from estimator.progress import Progress

NETWORK = "network.nif"


@dataclass(frozen=True)
class Source:
    """A file to read. sha256: what its bytes must hash to, or None to take them as they are."""

    path: Path
    sha256: str | None

    def as_dict(self) -> dict[str, Any]:
        return {"path": str(self.path), "sha256": self.sha256}

    def verified_bytes(self) -> bytes:
        """The bytes; the same that were hashed. Raises BlobCorrupt, with both hashes."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError as error:
            raise BlobCorrupt(f"The stored file {self.sha256} is gone; upload it again") from error
        found = hashlib.sha256(data).hexdigest()
        if self.sha256 is not None and found != self.sha256:
            raise BlobCorrupt(
                f"The stored file {self.sha256} now has the hash {found}: it was changed on disk after its "
                "upload; delete it and upload it again"
            )
        return data


def request_of(
    model: Source, data: Source, table_format: TableFormat, options: Options, folder: Path
) -> dict[str, Any]:
    """What the parent sends; plain JSON values."""
    return {
        "model": model.as_dict(),
        "data": data.as_dict(),
        "format": {name: getattr(table_format, name) for name in ("kind", "delimiter", "decimal", "header")},
        "options": options.as_dict(),
        "folder": str(folder),
    }


def estimate(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Run the analysis; returns the sha256 of the network's file, which is whole and durable then."""
    from estimator.analysis import analyze
    from estimator.data.read import read_table
    from estimator.network_file import save_network

    progress("reading", 0, 2)
    model, data = (Source(Path(request[name]["path"]), request[name]["sha256"]) for name in ("model", "data"))
    model_bytes = model.verified_bytes()
    progress("reading", 1, 2)
    table = read_table(data.verified_bytes(), TableFormat(**request["format"]))
    progress("reading", 2, 2)
    network = analyze(model_bytes, table, Options.from_dict(request["options"]), progress)
    path = Path(request["folder"]) / NETWORK
    save_network(network, path)
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}
