"""`nif worker`: one worker."""

import click


@click.command("worker")
def command() -> None:
    """Run one worker until it is stopped; it takes analyses off the queue, one at a time.

    `nif serve` starts workers itself. On another host, give it the same NIF_QUEUE, NIF_STORE and a
    NIF_DATA_DIR with the same uploads, and a NIF_WORKER_NAME of its own.

    \b
      NIF_DATA_DIR=/srv/nif nif worker
    """
    from service import log
    from service.jobs.worker import run_worker
    from service.settings import load_settings

    settings = load_settings()
    log.configure(settings.log_level)
    run_worker(settings)
