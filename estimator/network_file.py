"""A flow network in one file: an uncompressed .npz of its arrays with a JSON header, no pickle.

The same network gives the same bytes on every machine: members are in a fixed order, with fixed times, and
stored as they are, since compressors differ. What is read back is equal to the last bit, NaN included.
"""

import json
import os
import tempfile
import zipfile
from pathlib import Path

from estimator.errors import InvalidParameter, Place
from estimator.network import FlowNetwork
from estimator.network_arrays import VERSION, array_bytes, array_of, pack, unpack


def save_network(network: FlowNetwork, path: Path) -> None:
    """Write the file whole or not at all; one that is there is replaced. Raises OSError."""
    header, arrays = pack(network)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                _add(archive, "header.json", json.dumps(header, ensure_ascii=False, allow_nan=False).encode())
                for member, values in arrays.items():
                    _add(archive, f"{member}.npy", array_bytes(values))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_network(path: Path) -> FlowNetwork:
    """The network that `save_network` wrote. Raises InvalidParameter if the file is not such a one."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info.filename for info in archive.infolist()]
            if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
                raise ValueError("a member is compressed")
            if len(set(members)) != len(members):
                raise ValueError("two members have one name")
            header = json.loads(archive.read("header.json"))
            arrays = {
                name.removesuffix(".npy"): array_of(archive.read(name))
                for name in members
                if name.endswith(".npy")
            }
        if header["version"] != VERSION:
            raise ValueError(f"its version is {header['version']!r}, this program reads {VERSION}")
        return unpack(header, arrays)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, IndexError, EOFError) as error:
        detail = f"{path.name} is not a network file, or is damaged: {error}"
        raise InvalidParameter(detail, errors=[Place(detail, file=path.name)]) from error


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o644 << 16
    archive.writestr(info, data)
