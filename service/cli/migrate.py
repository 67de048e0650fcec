"""`nif migrate`: the databases' schemas."""

import click

from estimator.errors import Unavailable
from service.cli.exits import write


@click.command("migrate")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def command(dry_run: bool) -> None:
    """Bring catalog, queue and store up to date. `nif serve` and `nif worker` do it by themselves.

    \b
      nif migrate --dry-run
    """
    from service.migrate import migrate_all
    from service.settings import load_settings
    from service.stores.protocol import StoreUnavailable

    try:
        done = migrate_all(load_settings(), dry_run=dry_run)
    except StoreUnavailable as error:
        raise Unavailable(f"the store: {error}") from error
    for line in done:
        write(f"{'would apply' if dry_run else 'applied'} {line}")
    if not done:
        write("up to date")
