"""Counters for Prometheus, in its text form. Labels are routes as declared, never a client's text."""

import time
from collections import Counter
from threading import Lock

import structlog
from flask import Flask, Response, current_app, g, request

from service.jobs.database import QueueUnavailable
from service.parts import Parts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
log = structlog.get_logger("nif.api")


class Requests:
    """Requests answered by this process, by method, route and status."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, int]] = Counter()
        self._seconds: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        with self._lock:
            self._counts[method, route, status] += 1
            self._seconds[method, route] += seconds  # type: ignore[assignment]

    def lines(self) -> list[str]:
        with self._lock:
            counts, seconds = dict(self._counts), dict(self._seconds)
        lines = ["# HELP nif_requests_total Requests answered.", "# TYPE nif_requests_total counter"]
        for (method, route, status), number in sorted(counts.items()):
            labels = f'method="{method}",route="{route}",status="{status}"'
            lines.append(f"nif_requests_total{{{labels}}} {number}")
        lines += ["# HELP nif_request_seconds_total Time spent.", "# TYPE nif_request_seconds_total counter"]
        for (method, route), time_spent in sorted(seconds.items()):
            lines.append(f'nif_request_seconds_total{{method="{method}",route="{route}"}} {time_spent:.6f}')
        return lines


def register(app: Flask) -> None:
    """Count and log every request of the app. The log has no query: it may hold a key by mistake."""
    requests = Requests()
    app.extensions["nif-requests"] = requests

    def before() -> None:
        g.began = time.perf_counter()

    def after(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        method = request.method if request.method in _METHODS else "other"
        route = request.url_rule.rule if request.url_rule else "none"
        requests.count(method, route, response.status_code, seconds)
        caller = g.get("caller")
        log.info(
            "request",
            method=method,
            path=request.path[:200].encode("unicode_escape").decode(),
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
            tenant=caller.tenant if caller else None,
            key=caller.key_id if caller else None,
        )
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, before)
    app.after_request(after)


_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})


def exposition(parts: Parts) -> str:
    """All metrics as text."""
    lines: list[str] = current_app.extensions["nif-requests"].lines()
    try:
        depth = [f"nif_queue_depth {parts.queue.depth()}", "nif_queue_up 1"]
    except QueueUnavailable:
        depth = ["nif_queue_up 0"]
    return "\n".join([*lines, "# TYPE nif_queue_depth gauge", *depth]) + "\n"
