"""The parts of a running API, opened once and handed to everything that needs them."""

import os
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import BoundedSemaphore

import structlog

from service.blobs import Blobs
from service.catalog import Catalog
from service.fitted import Fits
from service.jobs.database import QueueUnavailable, migrate_queue
from service.jobs.queue import JobQueue
from service.limits import Limits
from service.settings import Settings
from service.stores.open import open_store
from service.stores.protocol import GraphStore, StoreUnavailable

log = structlog.get_logger("nif.api")


@dataclass(frozen=True)
class Parts:
    """secret: signs cursors and links; made once for each data folder. fits: what was checked already.

    exports: held by each request that writes a whole network out.
    """

    settings: Settings
    catalog: Catalog
    blobs: Blobs
    store: GraphStore
    queue: JobQueue
    limits: Limits
    secret: bytes
    exports: BoundedSemaphore
    fits: Fits = field(default_factory=Fits)

    def close(self) -> None:
        self.queue.close()
        self.store.close()


def open_parts(settings: Settings) -> Parts:
    """Open all parts on the data folder, and bring their schemas up to date where they can be reached.

    A queue or a store that cannot be reached now is no error: /readyz says so until it can.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    catalog = Catalog(settings.catalog_path)
    catalog.migrate()
    store = open_store(settings.store)
    try:
        migrate_queue(settings.queue)
        store.migrate()
    except (QueueUnavailable, StoreUnavailable) as error:
        log.warning("migration waits", reason=str(error))
    limits = limits_of(settings)
    return Parts(
        settings=settings,
        catalog=catalog,
        blobs=Blobs(settings.blobs_dir),
        store=store,
        queue=JobQueue(settings.queue),
        limits=limits,
        secret=_secret(settings.data_dir / "cursor.key"),
        exports=BoundedSemaphore(limits.exports),
    )


def limits_of(settings: Settings) -> Limits:
    """The limits with what the operator chose."""
    return replace(
        Limits(),
        queue_depth=settings.queue_depth,
        tenant_queue_depth=min(settings.tenant_queue_depth, settings.queue_depth),
        tenant_files=settings.tenant_files,
        tenant_bytes=settings.tenant_bytes,
        # An export may take long and its reader may be slow: the other threads are left to all else.
        exports=max(1, settings.api_threads // 2),
        job_seconds=settings.job_time_limit,
        job_memory_bytes=settings.job_memory_limit,
        job_attempts=settings.job_attempts,
    )


def _secret(path: Path) -> bytes:
    """32 random bytes that all processes on this data folder share; the first one writes them."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)  # unlike a rename this never replaces another process's secret
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_bytes()
