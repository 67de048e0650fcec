"""gunicorn -c python:service.gunicorn_conf 'service.app:create_app_from_environment()'

One process with threads: the API computes little, and wrong keys and requests are counted in one place. A
slow client holds a thread until it is cut (service/http_connection.py), so a service with many of them stands
behind a buffering proxy (compose.yaml).
"""

import resource

from service.settings import load_settings

_settings = load_settings()
# What the process itself holds open, and a request beside its connection: a selector, databases, a file.
_OWN, _A_REQUEST = 32, 6
_open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]

bind = (
    f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
)
worker_class = "service.http_worker.Worker"
workers = 1
threads = _settings.api_threads
worker_connections = max(threads + 1, min(1000, _open_files - _OWN - _A_REQUEST * threads))
timeout = 120  # of a worker that does not answer its master; not of a request
graceful_timeout = 30
keepalive = 5
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
forwarded_allow_ips = ""  # no header of a client changes scheme, address or path
umask = 0o077
accesslog = None  # the app logs requests, without their query
errorlog = "-"
loglevel = "warning"
