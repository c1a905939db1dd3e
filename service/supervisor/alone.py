"""One part of the system by itself, where the parts are spread over containers or machines."""

from __future__ import annotations

import os
import socket
import sys
from typing import NoReturn

import redis

from service.config import Settings, SettingsError, variable
from service.queue.app import QUEUES
from service.queue.presence import workers
from service.supervisor.node_red import NodeRed, NodeRedError
from service.supervisor.parts import PROJECT, Part, api_part, node_red_part, reaper_part, worker_parts

NODE_RED = "node-red"


def start(name: str) -> NoReturn:
    """Become a part of the system: this process is replaced by it, so it gets the signals.

    Unlike the supervisor's, its environment is the caller's first: `AUTHORGAN_URL` may name a service elsewhere.
    """
    try:
        part = _part(name)
        part.prepare(0)
    except NodeRedError as error:
        sys.exit(str(error))
    os.chdir(PROJECT)
    os.execve(part.command[0], part.command, {**part.environ, **os.environ})


def is_ready(name: str) -> bool:
    """Whether that part works, asked on the machine or in the container that it runs on."""
    if name not in QUEUES:
        return _part(name).is_ready()
    try:
        return workers(Settings.from_env(), host=socket.gethostname())[name] > 0
    except redis.RedisError:
        return False


def _part(name: str) -> Part:
    settings = Settings.from_env()
    if name == NODE_RED:
        return node_red_part(settings, NodeRed(settings, settings.home / NODE_RED))
    if not settings.redis_url:
        raise SettingsError(
            [f"{variable('redis_url')} is not set. Parts that run by themselves meet at a Redis or Valkey of yours."]
        )
    parts = [api_part(settings), *worker_parts(settings), reaper_part(settings)]
    return next(part for part in parts if part.name == name)
