"""`nif migrate`: the databases' schemas."""

from typing import TYPE_CHECKING

import click

from estimator.errors import Unavailable
from service.cli.exits import write

if TYPE_CHECKING:
    from service.settings import Settings


@click.command("migrate")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--sweep-store",
    is_flag=True,
    help="Also say what the store holds and the catalog does not know; only --yes removes it.",
)
@click.option("--yes", is_flag=True, help="Remove what --sweep-store finds.")
def command(dry_run: bool, sweep_store: bool, yes: bool) -> None:
    """Bring catalog, queue and store up to date. `nif serve` and `nif worker` do it by themselves.

    After a catalog was put back from an older backup the store may hold networks and studies that it does not
    know: nobody can read them, and --sweep-store removes them. Networks of `nif analyze` stay. Not where
    several services share one store.

    \b
      nif migrate --dry-run
      nif migrate --sweep-store
      nif migrate --sweep-store --yes
    """
    from service.migrate import migrate_all
    from service.settings import load_settings
    from service.stores.protocol import StoreUnavailable

    if yes and not sweep_store:
        raise click.UsageError("--yes is for --sweep-store alone")
    settings = load_settings()
    try:
        done = migrate_all(settings, dry_run=dry_run)
        for line in done:
            write(f"{'would apply' if dry_run else 'applied'} {line}")
        if not done:
            write("up to date")
        if sweep_store and not (dry_run and done):
            _sweep(settings, remove=yes and not dry_run)
    except StoreUnavailable as error:
        raise Unavailable(f"the store: {error}") from error


def _sweep(settings: "Settings", remove: bool) -> None:
    from service.orphans import sweep_store

    found = sweep_store(settings, remove=remove).lines()
    for line in found:
        write(f"{'removed' if remove else 'would remove'} {line}")
    if not found:
        write("the store holds nothing that the catalog does not know")
    elif not remove:
        write("nothing was removed; --sweep-store --yes removes it")
