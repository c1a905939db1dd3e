"""Every setting of the service, read once from ``AUTHORGAN_*`` variables into one frozen object.

A field ``lease_seconds`` is set by ``AUTHORGAN_LEASE_SECONDS``; an empty variable counts as unset. Bad values are
reported all at once, each with the variable, the value received and what would be right.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "AUTHORGAN_"
API_KEY_MIN_LENGTH = 8


class SettingsError(ValueError):
    """One or more settings are wrong; ``problems`` holds one sentence for each."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__("\n".join(problems))


def _setting(
    help: str, default: Any = None, *, parse: Callable[[str], Any] = str, secret: bool = False, **bounds: float | None
) -> Any:
    """A dataclass field that knows how its environment variable is read, bounded and explained."""
    return field(default=default, repr=not secret, metadata={"help": help, "parse": parse, **bounds})


def _integer(help: str, default: int, minimum: int = 1, maximum: int | None = None) -> Any:
    return _setting(help, default, parse=int, minimum=minimum, maximum=maximum)


def _seconds(help: str, default: float, minimum: float = 0.05, maximum: float = 30 * 86_400) -> Any:
    return _setting(help, default, parse=float, minimum=minimum, maximum=maximum)


def _folder(text: str) -> Path:
    return Path(text).expanduser().resolve()


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(_folder(part) for part in text.split(os.pathsep) if part)


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())


def _switch(text: str) -> bool:
    if text.lower() not in SWITCH:
        raise ValueError(text)
    return SWITCH[text.lower()]


SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
KINDS = {int: "a whole number", float: "a number", _switch: "on or off"}
MiB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process. Build them with :meth:`from_env`, or by keyword in a test.

    Raises:
        SettingsError: a value out of range, two settings that contradict each other, or a host other machines can
            reach without an ``api_key``.
    """

    # Places
    home: Path = _setting("folder for everything the service keeps", Path("var"), parse=_folder)  # noqa: RUF009 (a field)
    database_url: str = _setting(
        "SQLAlchemy URL: sqlite:///… or postgresql://…; empty: $HOME/authorgan.db", "", secret=True
    )
    redis_url: str = _setting(
        "Redis or Valkey: redis://…, rediss://… or unix://…; empty: one is started", "", secret=True
    )
    storage_url: str = _setting("fsspec URL for what trainings produce; empty: file://$HOME/runs", "", secret=True)
    data: Path | None = _setting("folder that holds mnist/, cifar10/ and your own data files", parse=_folder)  # noqa: RUF009
    data_paths: tuple[Path, ...] = _setting(
        f"further folders that data files may lie in, separated by {os.pathsep!r}", (), parse=_folders
    )

    # Addresses
    host: str = _setting("address the API listens on; other than loopback needs an API key", "127.0.0.1")
    port: int = _integer("port of the API", 5050, maximum=65_535)
    node_red_port: int = _integer("port of the Node-RED editor", 1880, maximum=65_535)
    node_red_package: Path | None = _setting("folder of another node-red package than the palette's own", parse=_folder)  # noqa: RUF009
    api_key: str = _setting(
        "secret that clients send as 'Authorization: Bearer …'; empty: none needed", "", secret=True
    )
    allowed_origins: tuple[str, ...] = _setting(
        "further web origins (https://host:port, comma separated) whose pages may change things", (), parse=_words
    )

    # Processes
    training_workers: int = _integer("trainings that run at the same time", 1, maximum=256)
    interactive_workers: int = _integer("sampling requests answered at the same time", 1, maximum=256)
    lengthy_workers: int = _integer("evaluations and exports made at the same time", 1, maximum=256)
    training_threads: int = _integer(
        "processor threads of one training; 0: as many as its work occupies, all but one at most", 0, minimum=0
    )
    loaded_models: int = _integer("models an interactive worker keeps in memory", 4, maximum=1024)
    shutdown_seconds: float = _seconds("how long a stopping worker may take to save its checkpoint", 30)
    log_level: str = _setting("DEBUG, INFO, WARNING or ERROR", "INFO", parse=str.upper)

    # Jobs
    lease_seconds: float = _seconds("a training that has not reported for this long is taken from its worker", 30)
    heartbeat_seconds: float = _seconds("how often a worker renews its lease", 10)
    reaper_seconds: float = _seconds("how often lost and forgotten jobs are looked for", 15)
    usage_seconds: float = _seconds("how often processor and memory use of a training are noted", 10)
    paused_seconds: float = _seconds("a pause longer than this gives the worker to other jobs", 300)
    max_attempts: int = _integer("a job that has taken this many workers down with it has failed", 3)
    max_queued_jobs: int = _integer("jobs that may wait at the same time", 10_000)
    max_pending_requests: int = _integer("actions that may wait for one training to look at them", 100)
    max_parameters: int = _integer("weights that generator and discriminator together may have", 200_000_000)
    bin_seconds: float = _seconds("how long a deleted job or sweep can be restored", 7 * 86_400, minimum=0)
    max_sweep_jobs: int = _integer("jobs that one sweep may start", 256)
    max_tags: int = _integer("tags that one job may have", 32)
    max_comment_characters: int = _integer("length of a job's comment", 10_000)
    idempotency_seconds: float = _seconds("how long an Idempotency-Key is remembered", 86_400)

    # What a request may ask for
    max_body_bytes: int = _integer("size of a JSON body", 8 * MiB)
    max_json_depth: int = _integer("nesting of a JSON body", 64, maximum=500)
    max_upload_bytes: int = _integer("size of an uploaded data set", 1024 * MiB)
    max_import_bytes: int = _integer("size of an imported run, unpacked", 4096 * MiB)
    max_import_files: int = _integer("files in an imported run", 20_000)
    network_import_seconds: float = _seconds(
        "processor time that reading a network from a .keras or .onnx file may take", 60
    )
    network_import_bytes: int = _integer(
        "memory that reading a network from a .keras or .onnx file may take", 2048 * MiB, minimum=64 * MiB
    )
    max_datasets: int = _integer("uploaded data sets that are kept", 1000)
    max_page: int = _integer("entries on one page of a listing", 100)
    max_metric_points: int = _integer("points in one answer of the metrics", 10_000, minimum=4)
    tensorboard: bool = _setting("whether trainings write TensorBoard event files", True, parse=_switch)
    mlflow_tracking_uri: str = _setting(
        "http(s)://[user:password@]host:port of an MLflow server that is told of every training; empty: none",
        "",
        secret=True,
    )
    mlflow_experiment: str = _setting("MLflow experiment that trainings belong to", "AuthorGAN")
    mlflow_token: str = _setting("sent to the MLflow server as 'Authorization: Bearer …'", "", secret=True)
    wandb_mode: str = _setting(
        "online or offline: Weights & Biases is told of every training (needs the package wandb); off: it is not",
        "off",
        parse=str.lower,
    )
    wandb_project: str = _setting("project of Weights & Biases that trainings belong to", "authorgan")
    wandb_entity: str = _setting("user or team of Weights & Biases; empty: the account's own", "")
    wandb_base_url: str = _setting("address of your own Weights & Biases server; empty: the public one", "")
    wandb_api_key: str = _setting("key of Weights & Biases; empty: that of `wandb login`", "", secret=True)
    tracker_queue_length: int = _integer("numbers of one training that wait for a tracker that does not answer", 20_000)
    tracker_seconds: float = _seconds("how long a tracker may take, after a training's end, to take what waits", 60)
    pictures_carry_spec: bool = _setting(
        "whether pictures of samples carry the spec and seed that drew them", True, parse=_switch
    )
    max_compared_jobs: int = _integer("jobs in one comparison", 50)
    max_reading_grids: int = _integer("grids of samples that a reading of the curves looks at", 40, minimum=5)
    max_movie_seconds: int = _integer("length of a movie", 120)
    max_movie_samples: int = _integer("grids of samples in one movie; of more, every so many is taken", 2000)
    movie_making_seconds: float = _seconds("how long the making of a movie may take", 120)
    max_sample_count: int = _integer("images or sequences in one sampling request", 1024)
    max_latent_points: int = _integer("points of one interpolation", 64, minimum=2)
    max_class_draws: int = _integer("samples that are drawn in search of those of a class", 4096)
    max_activation_numbers: int = _integer("numbers that one layer gives in one request", 32_000_000)
    max_discriminate_images: int = _integer("images or sequences in one discriminate request", 256)
    max_sample_numbers: int = _integer("numbers of the sequences in one answer or request", 1_000_000)
    max_evaluation_count: int = _integer("images of each kind in one evaluation", 20_000, minimum=20)
    evaluation_seconds: float = _seconds("how long an evaluation may take, the training of its extractor included", 600)
    export_seconds: float = _seconds("how long writing a model in another form may take", 300)
    interactive_seconds: float = _seconds("how long sampling may take, the loading of the model included", 60)

    # Events
    event_stream_length: int = _integer("events of a job that are kept for clients that come back", 10_000)
    event_stream_seconds: float = _seconds("how long the events of an ended job are kept", 3600)
    event_queue_length: int = _integer("events that may wait for one slow client", 1000, minimum=10)
    event_clients: int = _integer("event streams open at the same time", 1000)
    event_ping_seconds: float = _seconds("silence after which a stream sends a ping", 15)

    def __post_init__(self) -> None:
        home = Path(self.home).expanduser().resolve()
        derived = {
            "home": home,
            "database_url": self.database_url or f"sqlite:///{home / 'authorgan.db'}",
            "storage_url": self.storage_url or f"file://{home / 'runs'}",
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        if problems := [*self._out_of_bounds(), *self._contradictions()]:
            raise SettingsError(problems)

    def _out_of_bounds(self) -> list[str]:
        problems = []
        for item in fields(self):
            value = getattr(self, item.name)
            minimum, maximum = item.metadata.get("minimum"), item.metadata.get("maximum")
            if (minimum is not None and not value >= minimum) or (maximum is not None and not value <= maximum):
                bounds = f"at least {minimum}" if maximum is None else f"between {minimum} and {maximum}"
                problems.append(f"{variable(item.name)}={value} is out of range; it is {bounds}.")
        return problems

    def _contradictions(self) -> list[str]:
        problems = []
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            problems.append(
                f"{variable('heartbeat_seconds')}={self.heartbeat_seconds} must be at most half of "
                f"{variable('lease_seconds')}={self.lease_seconds}, or one late heartbeat loses a training."
            )
        if self.api_key and len(self.api_key) < API_KEY_MIN_LENGTH:
            problems.append(f"{variable('api_key')} is too short; give at least {API_KEY_MIN_LENGTH} characters.")
        if not self.api_key and not is_loopback(self.host):
            problems.append(
                f"{variable('host')}={self.host} lets other machines reach the service, and no {variable('api_key')} "
                f"is set. Set one, or listen on 127.0.0.1."
            )
        if self.redis_url and urlsplit(self.redis_url).scheme not in {"redis", "rediss", "unix"}:
            problems.append(f"{variable('redis_url')} is no redis://, rediss:// or unix:// address.")
        if problem := _unreachable_storage(self.storage_url):
            problems.append(f"{variable('storage_url')}: {problem}")
        if self.mlflow_tracking_uri and urlsplit(self.mlflow_tracking_uri).scheme not in {"http", "https"}:
            problems.append(
                f"{variable('mlflow_tracking_uri')} is no http:// or https:// address. For runs in a folder or a "
                f"database, start a server over it: mlflow server --backend-store-uri …"
            )
        if self.wandb_mode not in {"off", "online", "offline"}:
            problems.append(f"{variable('wandb_mode')}={self.wandb_mode} is none of off, online, offline.")
        if self.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            problems.append(f"{variable('log_level')}={self.log_level} is none of DEBUG, INFO, WARNING, ERROR.")
        return problems

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from ``environ`` (default: ``os.environ``)."""
        environ = os.environ if environ is None else environ
        values, problems = {}, []
        for item in fields(cls):
            text = environ.get(variable(item.name), "").strip()
            if not text:
                continue
            try:
                values[item.name] = item.metadata["parse"](text)
            except ValueError:
                problems.append(f"{variable(item.name)}={text!r} is not {KINDS[item.metadata['parse']]}.")
        try:
            settings = cls(**values)
        except SettingsError as error:
            problems.extend(error.problems)
        if problems:
            raise SettingsError(problems)
        return settings

    def environ(self) -> dict[str, str]:
        """These settings as variables, for a process that is started with them."""
        joiners = {"data_paths": os.pathsep, "allowed_origins": ","}
        variables = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value in (None, "", ()):
                continue
            joiner = joiners.get(item.name)
            variables[variable(item.name)] = joiner.join(map(str, value)) if joiner else str(value)
        return variables


def _unreachable_storage(url: str) -> str | None:
    """What is missing to keep files at such an address, if anything: a client of its kind of storage."""
    if url.startswith("file:"):
        return None
    from fsspec import get_filesystem_class  # for storage elsewhere only: it takes a moment to load

    kind = urlsplit(url).scheme or "file"
    try:
        get_filesystem_class(kind)
    except ImportError as error:
        return f"{kind}:// needs another Python package: {error}."
    except ValueError as error:
        return f"{error}. There are file://, s3://, gs://, abfs:// and whatever else fsspec knows."
    return None


def variable(name: str) -> str:
    """The environment variable of a field: ``lease_seconds`` -> ``AUTHORGAN_LEASE_SECONDS``."""
    return PREFIX + name.upper()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``. A name other than ``localhost`` counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
