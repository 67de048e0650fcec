"""All databases brought up to date, by whoever comes first: `nif migrate`, `nif serve` or a worker."""

from service.catalog import Catalog
from service.jobs.database import migrate_queue
from service.settings import Settings
from service.stores.open import open_store


def migrate_all(settings: Settings, *, dry_run: bool = False) -> list[str]:
    """Migrate catalog, queue and store; returns what was done, or would be.

    Raises Unavailable (catalog, queue) or StoreUnavailable with the reason.
    """
    if not dry_run:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = [f"catalog: {name}" for name in Catalog(settings.catalog_path).migrate(dry_run=dry_run)]
    done += migrate_queue(settings.queue, dry_run=dry_run)
    store = open_store(settings.store)
    try:
        done += [f"store: {name}" for name in store.migrate(dry_run=dry_run)]
    finally:
        store.close()
    return done
