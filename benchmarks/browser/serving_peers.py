"""The peers as a careful site would serve them: the strongest compression, done before, and files that never change."""

import mimetypes
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import brotli

STRONGEST = 11
_NAMED = re.compile('(?:src|href)="(/[^"]+)"')


class _Peers(ThreadingHTTPServer):
    """Pages that are known by heart, and files of one folder; what the pages name is compressed before they open."""

    def __init__(self, pages: Mapping[str, bytes], folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Reply)
        self._pages, self._folder = pages, folder
        self._ready: dict[str, bytes] = {}
        for path, page in pages.items():
            for named in (path, *_NAMED.findall(page.decode())):
                if self.body(named) is None:
                    raise FileNotFoundError(named)

    def body(self, path: str) -> bytes | None:
        """Return what is behind a path, compressed; None for nothing."""
        if path not in self._ready:
            file = self._folder / path.lstrip("/")
            if path not in self._pages and not (file.is_file() and file.resolve().is_relative_to(self._folder)):
                return None
            raw = self._pages[path] if path in self._pages else file.read_bytes()
            self._ready[path] = brotli.compress(raw, quality=STRONGEST)
        return self._ready[path]


class _Reply(BaseHTTPRequestHandler):
    server: _Peers
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        body = self.server.body(path)
        self.send_response(404 if body is None else 200)
        if body is not None:
            self.send_header("Content-Type", mimetypes.guess_type(path)[0] or "text/html; charset=utf-8")
            self.send_header("Content-Encoding", "br")
            self.send_header("Cache-Control", "public, max-age=31536000, immutable")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: standard output belongs to the report."""


@contextmanager
def served_peers(pages: Mapping[str, bytes], folder: Path) -> Iterator[str]:
    """Serve them on this machine alone and yield the address."""
    server = _Peers(pages, folder.resolve())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
