"""`nif serve`: the API and its workers as one service, in processes of their own.

1. Databases up to date; keys there if they are needed.   2. The port taken, here, so that a taken port is an
error at once and the API can be started again without losing a connection.   3. gunicorn and the workers
started, watched, and stopped together.
"""

import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from types import FrameType

import structlog

from estimator.errors import InvalidParameter, Place, Unavailable
from service.catalog import Catalog
from service.cli.exits import write
from service.jobs.database import QueueUnavailable, sqlite_path
from service.keys import check_keys
from service.migrate import migrate_all
from service.settings import Settings, with_overrides
from service.stores.protocol import StoreUnavailable
from service.supervisor import Kept, Supervisor
from service.temporary import check_temporary_folder

log = structlog.get_logger("nif.serve")

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
LOOK_SECONDS = 0.2


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises InvalidParameter or Unavailable if it cannot begin."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    _prepare(settings)
    listener = listen(settings.host, settings.port)
    port = listener.getsockname()[1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port}"
    # The children read the same settings, whatever they came from; the port may have been chosen just now.
    environment = with_overrides({"host": settings.host, "port": port})
    gunicorn = [
        sys.executable,
        "-P",
        "-m",
        "gunicorn",
        "-c",
        "python:service.gunicorn_conf",
        "--no-control-socket",
    ]
    api = Kept(
        "api",
        [*gunicorn, "-b", f"fd://{listener.fileno()}", "service.app:create_app_from_environment()"],
        environment,
        descriptors=(listener.fileno(),),
    )
    worker = [sys.executable, "-P", "-m", "service.cli", "worker"]
    workers = [Kept(f"worker {n}", worker, environment) for n in range(settings.workers)]
    supervisor = Supervisor([api, *workers])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        supervisor.look()
        _wait_until_ready(api, port, settings.host, stopped)
        if not stopped.is_set():
            write(f"nif serves {url}/v1 (documentation: {url}/v1/docs); Ctrl-C stops it")
            sys.stdout.flush()
        while not stopped.wait(LOOK_SECONDS):
            supervisor.look()
    finally:
        supervisor.stop(STOP_SECONDS)
        listener.close()


def _prepare(settings: Settings) -> None:
    check_temporary_folder()
    try:
        for line in migrate_all(settings):
            log.info("migrated", what=line)
    except StoreUnavailable as error:
        log.warning("store does not answer; jobs will wait for it", reason=str(error))
    except QueueUnavailable as error:
        if sqlite_path(settings.queue) is not None:
            raise
        log.warning("queue does not answer; until it does, /v1/readyz says so", reason=str(error))
    check_keys(settings, Catalog(settings.catalog_path))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. InvalidParameter, in words, if the address is not to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
        listener.set_inheritable(True)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        detail = (
            f"cannot listen at {host} port {port}: {reason}; choose NIF_HOST and NIF_PORT, or stop its holder"
        )
        raise InvalidParameter(detail, errors=[Place(detail, field="NIF_PORT")]) from error
    return listener


def _wait_until_ready(api: Kept, port: int, host: str, stopped: threading.Event) -> None:
    """Raises Unavailable if the API ends, or does not answer in time."""
    near = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    deadline = time.monotonic() + READY_SECONDS
    while not stopped.is_set():
        if api.process is None or api.process.poll() is not None:
            raise Unavailable("the API did not start; its log says why")
        try:
            with urllib.request.urlopen(f"http://{near}:{port}/v1/healthz", timeout=2):
                return
        except urllib.error.HTTPError:
            return  # it answers, if only to say that a key is missing
        except OSError:
            if time.monotonic() > deadline:
                raise Unavailable(f"the API did not answer within {READY_SECONDS:g} s") from None
        stopped.wait(0.1)
