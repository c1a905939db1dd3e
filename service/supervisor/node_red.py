"""Node-RED with the palette: its folder, its first flow, and its admin API."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from service.config import Settings

PROJECT = Path(__file__).parent.parent.parent
PALETTE = PROJECT / "node-red-contrib-authorgan"
PALETTE_PACKAGE = "@authorgan/node-red-contrib-authorgan"
PACKAGE = PALETTE / "node_modules" / "node-red"
SETTINGS_FILE = Path(__file__).with_name("node-red-settings.js")
FLOWS = PROJECT / "flows"
USER = "authorgan"
MINIMUM_NODE = 20
REQUEST_SECONDS = 10.0


class NodeRedError(RuntimeError):
    """Node-RED cannot be started or asked; the message says what to do."""


def find_node() -> str:
    """The `node` on the PATH.

    Raises:
        NodeRedError: It is missing or too old.
    """
    node = shutil.which("node")
    if node is None:
        raise NodeRedError(f"Node.js is not on the PATH; install Node.js {MINIMUM_NODE} or later.")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if not said.startswith("v") or int(said[1:].split(".")[0]) < MINIMUM_NODE:
        raise NodeRedError(f"Node.js {said} is too old; install Node.js {MINIMUM_NODE} or later.")
    return node


def find_runtime(settings: Settings) -> str:
    """The program of Node-RED.

    Raises:
        NodeRedError: It is not installed.
    """
    runtime = (settings.node_red_package or PACKAGE) / "red.js"
    if not runtime.is_file():
        where = settings.node_red_package or PALETTE
        raise NodeRedError(f"Node-RED is not installed in {where}; run: make run (or: cd {PALETTE.name} && npm ci)")
    return str(runtime)


class NodeRed:
    """One Node-RED.

    Args:
        folder: Its user folder, with flows, credentials and further palettes.
        anew: Forget what an earlier run has left there.
    """

    def __init__(self, settings: Settings, folder: Path, *, anew: bool = False):
        self._settings = settings
        self._folder = folder
        self._node = find_node()
        self._runtime = find_runtime(settings)
        if anew:
            shutil.rmtree(folder, ignore_errors=True)
        self.url = f"http://{host_in_url(settings.host)}:{settings.node_red_port}"

    @property
    def command(self) -> list[str]:
        """What starts it."""
        return [self._node, self._runtime, "--settings", str(SETTINGS_FILE), "--userDir", str(self._folder)]

    @property
    def environ(self) -> dict[str, str]:
        """Variables that its settings file and the palette read."""
        return {
            "AUTHORGAN_NODE_RED_SECRET_FILE": str(self._secret_file),
            "AUTHORGAN_URL": f"http://{host_in_url(self._settings.host)}:{self._settings.port}",
            "NODE_ENV": "production",
        }

    @property
    def _secret_file(self) -> Path:
        return self._folder / "credential-secret"

    def prepare(self) -> None:
        """Make the user folder with the palette in it and, if there are no flows yet, the first flow.

        Flows that are there are never touched.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._secret_file.exists():
            _write_private(self._secret_file, secrets.token_urlsafe(32))
        self._link_palette()
        flows = self._folder / "flows.json"
        if not flows.exists():
            nodes = first_flow()
            service_nodes = [node for node in nodes if node["type"] == "authorgan-service"]
            # Node-RED encrypts what it finds here in the clear with its first deployment.
            keys = {node["id"]: {"key": self._settings.api_key} for node in service_nodes if self._settings.api_key}
            _write_private(self._folder / "flows_cred.json", json.dumps(keys))
            flows.write_text(json.dumps(nodes, indent=4))

    def _link_palette(self) -> None:
        """Install the palette as a link, and list it, so that the palette manager does not sweep it away."""
        link = self._folder / "node_modules" / PALETTE_PACKAGE
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_symlink() and link.resolve() != PALETTE:
            link.unlink()  # the project was moved
        if not link.exists():
            link.symlink_to(PALETTE, target_is_directory=True)
        listing = self._folder / "package.json"
        package: dict[str, Any] = json.loads(listing.read_text()) if listing.exists() else {}
        package = {"name": "authorgan-node-red", "version": "0.0.1", "private": True, **package}
        package["dependencies"] = {**package.get("dependencies", {}), PALETTE_PACKAGE: f"file:{PALETTE}"}
        listing.write_text(json.dumps(package, indent=4))

    def is_ready(self) -> bool:
        """Whether its flows have been started: it answers with none until then, and ever after where there are none."""
        try:
            started = self.request("GET", "/flows")
        except NodeRedError:
            return False
        return bool(started) or not json.loads((self._folder / "flows.json").read_text())

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the admin API.

        Raises:
            NodeRedError: It does not answer, or says no.
        """
        request = urllib.request.Request(self.url + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            if self._settings.api_key:
                request.add_header("Authorization", f"Bearer {self._token()}")
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:
                text = response.read()
        except (urllib.error.URLError, OSError) as error:
            raise NodeRedError(f"Node-RED at {self.url}: {method} {path}: {error}") from error
        return json.loads(text) if text[:1] in (b"{", b"[") else text.decode()

    def _token(self) -> str:
        form = {
            "client_id": "node-red-admin",
            "grant_type": "password",
            "scope": "*",
            "username": USER,
            "password": self._settings.api_key,
        }
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{self.url}/auth/token", data, timeout=REQUEST_SECONDS) as response:
            return json.load(response)["access_token"]


def first_flow() -> list[dict[str, Any]]:
    """The nodes of flow 01.

    Raises:
        NodeRedError: The file is not there.
    """
    found = sorted(FLOWS.glob("01*.json"))
    if not found:
        raise NodeRedError(f"There is no first flow in {FLOWS}.")
    return json.loads(found[0].read_text())


def host_in_url(host: str) -> str:
    """Where a program of this machine reaches a server that listens on `host`."""
    if host in ("0.0.0.0", "::", "[::]"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
