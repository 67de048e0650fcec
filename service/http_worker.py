"""gunicorn's threaded worker, with problem+json also for what never reaches the app."""

import errno
import json
import time
from typing import Any

import structlog
from gunicorn.http import errors as wrong
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from service.http_connection import Connection
from service.limits import Limits

log = structlog.get_logger("nif.api")

_LIMITS = Limits()
LONGEST_BODY = _LIMITS.model.bytes + _LIMITS.table.file_bytes + 4 * _LIMITS.json_bytes

# The process or the machine can open nothing more just now.
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE_SECONDS = 0.1

_STATUS: tuple[tuple[type[Exception], int, str, str], ...] = (
    (wrong.LimitRequestLine, 414, "URI Too Long", "The path and query are longer than the server takes"),
    (
        wrong.LimitRequestHeaders,
        431,
        "Request Header Fields Too Large",
        "There are too many or too long headers",
    ),
    (wrong.ExpectationFailed, 417, "Expectation Failed", "Expect may only be 100-continue"),
    (wrong.UnsupportedTransferCoding, 501, "Not Implemented", "This Transfer-Encoding is not known"),
)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Answers requests that are no HTTP, in the same form as every error."""

    def accept(self, listener: Any) -> None:
        # gunicorn's own would end the process, and every request in it. The connection waits in the listener.
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            log.warning("connections wait", reason=error.strerror)
            time.sleep(PAUSE_SECONDS)

    def enqueue_req(self, conn: Any) -> None:
        if not isinstance(conn.sock, Connection):
            conn.sock = Connection(conn.sock, self._crowded)
        super().enqueue_req(conn)

    def _crowded(self) -> bool:
        """Whether a request waits because all threads are taken."""
        at_rest = len(self.keepalived_conns) + len(self.pending_conns)
        return bool(self.nr_conns - at_rest > self.cfg.threads)

    def handle_request(self, req: Any, conn: Any) -> Any:
        # gunicorn asks for the body before the app is called; a body that no limit allows is not asked for.
        if any(name == "CONTENT-LENGTH" and int(value) > LONGEST_BODY for name, value in req.headers):
            req._expected_100_continue = False
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        status, reason, detail = 400, "Bad Request", "The request is not well-formed HTTP"
        for kind, *answer in _STATUS:
            if isinstance(exc, kind):
                status, reason, detail = answer  # type: ignore[assignment]
        log.info("refused", slug="malformed-request", status=status, reason=type(exc).__name__)
        body = json.dumps(
            {
                "type": "/problems/malformed-request",
                "title": "The request cannot be parsed",
                "status": status,
                "detail": detail,
            }
        )
        head = (
            f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            client.sendall((head + body).encode())
        except OSError as error:  # the client has gone
            log.debug("answer not sent", reason=error.strerror)
