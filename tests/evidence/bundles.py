"""A small bundle, and archives that are none."""

import io
import zipfile

from estimator.data.table import TableFormat
from estimator.options import Options
from service.evidence.bundle import bundle_bytes
from service.evidence.signing import SigningKey, new_key
from service.policies import judge, read_policy
from tests.networks import flow_network

POLICY = b"version: 1\nrules:\n  - rule: minimum-rows\n    min: 100\n"
KEY = new_key()
OTHER_KEY = new_key()


def bundle(key: SigningKey = KEY, *, data: bytes | None = b"a,b\n1,2\n") -> bytes:
    network = flow_network([2, 1], {(0, 1): [[0.1], [0.9]]})
    return bundle_bytes(
        document=judge(read_policy(POLICY), network).document(),
        network=network,
        options=Options(),
        table_format=TableFormat(),
        log="analysed\n",
        made_at="2026-01-02T03:04:05Z",
        key=key,
        policy=POLICY,
        data=data,
    )


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(
    members: list[tuple[str | zipfile.ZipInfo, bytes]], compression: int = zipfile.ZIP_STORED
) -> bytes:
    """A zip file as a forger would make it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for given, content in members:
            info = (
                given if isinstance(given, zipfile.ZipInfo) else zipfile.ZipInfo(given, (1980, 1, 1, 0, 0, 0))
            )
            info.external_attr = info.external_attr or 0o100644 << 16
            info.compress_type = compression
            archive.writestr(info, content)
    return buffer.getvalue()
