"""The HTTP API: one module a resource. Knows the job table, the storage and the broker; never a learning library."""

from service.api.app import create_app

__all__ = ["create_app"]
