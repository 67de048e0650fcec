"""What the store holds and the catalog does not know, as after a catalog was put back from an older backup.

Nobody can ask for it: the catalog alone says whose it is. For the same reason it cannot be taken up again,
only removed. What came from no job, as networks of the command line, no catalog knows: it stays. A store that
several services share holds what the others' catalogs know: never sweep it.
"""

from dataclasses import dataclass

from estimator.errors import Unavailable
from service.catalog import Catalog
from service.network_ids import of_a_job
from service.settings import Settings
from service.stores.open import open_store
from service.stores.protocol import GraphStore


@dataclass(frozen=True)
class Orphans:
    """Ids of networks, and of studies other than theirs."""

    networks: tuple[str, ...]
    studies: tuple[str, ...]

    def lines(self) -> list[str]:
        """One for each, for an operator."""
        return [f"network {name}" for name in self.networks] + [f"study {name}" for name in self.studies]


def sweep_store(settings: Settings, *, remove: bool = False) -> Orphans:
    """Find them, and remove them if told to; the schemas must be up to date (`migrate_all`).

    Raises Unavailable for a catalog without any analysis beside a store with networks, which is more likely
    the wrong catalog than a right one; StoreUnavailable; sqlite3.Error.
    """
    store = open_store(settings.store)
    try:
        found = _find(store, Catalog(settings.catalog_path))
        if remove:
            for study in found.studies:
                store.delete_study(study)
            for network in found.networks:
                store.delete(network)
        return found
    finally:
        store.close()


def _find(store: GraphStore, catalog: Catalog) -> Orphans:
    # The store first: what a job stores between the two looks was in the catalog before.
    networks = [network for network in store.ids() if of_a_job(network)]
    studies = store.study_ids()
    known = catalog.job_ids()
    if networks and not known:
        raise Unavailable(
            f"the catalog knows no analysis at all, and the store holds {len(networks)} networks; "
            "check NIF_DATA_DIR and NIF_STORE, or put the catalog's backup back"
        )
    lost = [network for network in networks if network not in known]
    theirs = {study.id for network in lost for study in store.studies(network)}
    alone = (study for study in studies if of_a_job(study) and study not in known | theirs)
    return Orphans(tuple(lost), tuple(alone))
