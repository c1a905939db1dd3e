"""The service: who trains what, when, and where it is kept. Never imports torch outside ``service.trainer``."""

__version__ = "0.1.0"
