"""The one place that joins the parts of the API."""

import sqlite3
from typing import Any

import structlog
from flask import Flask
from flask.json.provider import DefaultJSONProvider

from service import log as logging_setup
from service.analyses import finish_deletions
from service.api import access, audit, docs, errors, exchange, health, metrics
from service.api.openapi import add_routes
from service.jobs.database import QueueUnavailable
from service.keys import check_keys
from service.parts import Parts, open_parts
from service.settings import Settings, load_settings
from service.stores.protocol import StoreUnavailable
from service.submissions import enqueue_waiting

log = structlog.get_logger("nif.api")


class StrictJson(DefaultJSONProvider):
    """Answers without NaN and Infinity: a value that slips through is an error here, not in the reader."""

    sort_keys = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(obj, **(kwargs | {"allow_nan": False}))


def create_app(settings: Settings) -> Flask:
    """The API on the settings' data folder, after sweeping up what a crash left.

    Raises InvalidParameter for a service that is reachable from outside and has no API keys.
    """
    parts = open_parts(settings)
    check_keys(settings, parts.catalog)
    sweep(parts)
    return app_of(parts)


def create_app_from_environment() -> Flask:
    """For gunicorn: the settings of `NIF_*`."""
    settings = load_settings()
    logging_setup.configure(settings.log_level)
    return create_app(settings)


def app_of(parts: Parts) -> Flask:
    """The API on given parts."""
    app = Flask("nif", static_folder=None)
    app.json = StrictJson(app)
    app.extensions["nif"] = parts
    metrics.register(app)
    access.register(app)
    exchange.register(app)
    audit.register(app)
    api = add_routes(app)
    app.register_blueprint(docs.docs_blueprint(api))
    app.register_blueprint(health.blp, name="root", url_prefix="")
    errors.register(app)
    return app


def sweep(parts: Parts) -> None:
    """Finish what earlier processes began: analyses not in the queue, deletions, orphan files."""
    try:
        waiting, deleted = enqueue_waiting(parts), finish_deletions(parts)
        orphans = parts.blobs.sweep(parts.catalog.named_blobs())
        parts.catalog.forget_keys(parts.limits.idempotency_seconds)
        if waiting or deleted or orphans:
            log.info("swept up", enqueued=waiting, deleted=deleted, orphan_files=len(orphans))
    except (QueueUnavailable, StoreUnavailable, sqlite3.Error) as error:
        log.warning("sweep waits", reason=str(error))
