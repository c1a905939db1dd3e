"""A web server that fails in the ways web servers fail."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    """Serves ``files``; ``faults`` are taken one a request, then it behaves.

    A fault is ``cut:N`` (the connection ends after N bytes), ``status:N``, ``stall`` (nothing comes), ``no-range``
    (a Range is not looked at), ``no-length``, or ``wrong`` (other content of the same length).
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.requests: list[tuple[str, str | None]] = []
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> Callable[..., BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.lstrip("/")
                wanted = self.headers.get("Range")
                web.requests.append((name, wanted))
                fault = web.faults.pop(0) if web.faults else ""
                content = web.files.get(name)
                if fault.startswith("status:") or content is None:
                    self.send_error(int(fault.partition(":")[2] or 404))
                    return
                if fault == "stall":
                    web._released.wait(10)
                    return
                if fault == "wrong":
                    content = bytes(len(content))
                start = 0
                if wanted and fault != "no-range":
                    start = int(wanted.removeprefix("bytes=").rstrip("-"))
                    if start >= len(content):
                        self.send_error(416)
                        return
                body = content[start:]
                self.send_response(206 if start else 200)
                if fault != "no-length":
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if fault.startswith("cut:"):
                    body = body[: int(fault.partition(":")[2])]
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()
