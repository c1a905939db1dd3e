"""The database: engine, tables and migrations. Queries live in ``service.store`` only."""

from service.db.engine import connect, reading
from service.db.migrate import upgrade

__all__ = ["connect", "reading", "upgrade"]
