"""How gunicorn serves the API: one gevent worker, which holds as many event streams as there are clients.

gunicorn --config service/api/gunicorn_conf.py 'service.api:create_app()'
"""

from __future__ import annotations

from typing import Any

from service.config import Settings

_settings = Settings.from_env()

bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
worker_class = "gevent"
workers = 1  # one reader of events a process; more processes only for more processors
worker_connections = _settings.event_clients + 200
graceful_timeout = 5  # of requests that are being answered, and of connections kept alive
timeout = 60  # of a worker that no longer turns its loop, not of a request
keepalive = 15  # longer than clients keep theirs, so that none is reused in the moment it is closed
limit_request_line = 4094
limit_request_fields = 60
loglevel = _settings.log_level.lower()
accesslog = None
errorlog = "-"
proc_name = "authorgan-api"
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    """Start what has to be there before the worker becomes one of gevent's."""
    if not _settings.storage_url.startswith("file:"):
        from service.api import native_threads

        native_threads.start()


def post_worker_init(worker: Any) -> None:
    """End the event streams when the worker is told to stop: it waits for open answers, and they have no end."""
    import gevent

    from service.api.context import KEY

    watch = worker.wsgi.extensions[KEY].watch

    def end_streams() -> None:
        while worker.alive:
            gevent.sleep(0.1)
        watch.close()

    gevent.spawn(end_streams)
