"""`nif serve`: the API and its workers."""

import click


@click.command("serve")
@click.option("--host", help="Address to listen on, instead of NIF_HOST.")
@click.option("--port", help="Port to listen on, instead of NIF_PORT; 0 takes a free one.")
@click.option("--data-dir", metavar="DIR", help="Folder of everything that is kept, instead of NIF_DATA_DIR.")
@click.option("--workers", help="How many workers, instead of NIF_WORKERS.")
def command(host: str | None, port: str | None, data_dir: str | None, workers: str | None) -> None:
    """Run the REST API and its workers until they are stopped. Prints the address when it answers.

    Only this machine can reach it, unless NIF_HOST says otherwise; then API keys must exist.

    \b
      nif serve
      nif serve --port 9000 --data-dir /srv/nif
    """
    import os
    from pathlib import Path

    from service import log
    from service.serve import serve
    from service.settings import load_settings, with_overrides

    asked = {"host": host, "port": port, "workers": workers}
    asked["data_dir"] = None if data_dir is None else str(Path(data_dir).absolute())
    os.environ.update(with_overrides({name: value for name, value in asked.items() if value is not None}))
    settings = load_settings()
    log.configure(settings.log_level)
    os.umask(0o077)
    serve(settings)
