"""The application: ``create_app`` opens what the resources share and puts them together."""

from __future__ import annotations

import os
from dataclasses import fields

from apiflask import APIFlask

from drivers.data import DataSettings
from service import __version__
from service.api import guard, openapi, problems
from service.api.archives import archives
from service.api.catalogue import catalogue
from service.api.compare import compare
from service.api.context import KEY, Context
from service.api.datasets import datasets
from service.api.evaluations import evaluations
from service.api.events import events
from service.api.exports import exports
from service.api.health import health
from service.api.hidden import hidden
from service.api.imports import imports
from service.api.jobs import jobs, tags
from service.api.latent import latent
from service.api.models import models
from service.api.results import results
from service.api.specs import specs
from service.api.sweeps import sweeps
from service.api.watch import Watch
from service.config import Settings, SettingsError, variable
from service.queue.events import EventWriter
from service.storage import Storage
from service.store import Store

DESCRIPTION = """Describe a GAN as JSON, train it, watch it learn, use it.

Every error is a problem (RFC 9457) with all that is wrong at once; each `pointer` leads into the body that was sent."""


def create_app(settings: Settings | None = None) -> APIFlask:
    """The WSGI application of one process.

    Args:
        settings: default: from the environment.

    Raises:
        SettingsError: the settings are wrong, or name no broker.
    """
    settings = settings or Settings.from_env()
    if not settings.redis_url:
        raise SettingsError(["AUTHORGAN_REDIS_URL is not set; 'make run' starts a broker and sets it."])
    app = APIFlask(__name__, title="AuthorGAN", version=__version__, docs_path=None, spec_path="/openapi.json")
    app.json_provider_class = guard.StrictJSON
    app.json = guard.StrictJSON(app)
    app.request_class = guard.StrictRequest
    app.config.update(
        DESCRIPTION=DESCRIPTION,
        SERVERS=[{"url": "/"}],
        SECURITY_SCHEMES={"api_key": {"type": "http", "scheme": "bearer"}} if settings.api_key else {},
        HTTP_ERROR_SCHEMA=openapi.PLACEHOLDER,
        VALIDATION_ERROR_SCHEMA=openapi.PLACEHOLDER,
        VALIDATION_ERROR_DESCRIPTION="The request has problems; all of them are listed.",
        SUCCESS_DESCRIPTION="The answer.",
        NOT_FOUND_DESCRIPTION="There is no such thing.",
    )
    app.extensions[KEY] = Context(
        settings=settings,
        data_settings=_data_settings(settings),
        store=Store.open(settings),
        storage=Storage(settings.storage_url, settings.home),
        events=EventWriter(settings),
        watch=Watch(settings),
    )
    guard.register(app, settings)
    problems.register(app)
    for resource in (
        jobs,
        tags,
        events,
        results,
        sweeps,
        archives,
        compare,
        models,
        latent,
        hidden,
        exports,
        imports,
        evaluations,
        specs,
        catalogue,
        datasets,
        health,
    ):
        app.register_blueprint(resource)
    openapi.register(app, settings)
    return app


def _data_settings(settings: Settings) -> DataSettings:
    """The sources and limits of data from the environment; the places from ``settings``."""
    ours = {variable(item.name) for item in fields(Settings)}
    further = {name: value for name, value in os.environ.items() if name not in ours}
    return DataSettings.from_env({**further, **settings.environ()})
