"""A small server on this machine, with a thread for each request, whose application may break a connection off."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
CONNECTION = "stand_in.connection"
"""Where a request's environment holds its socket."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever was cut off knows."""


class _Quiet(WSGIRequestHandler):
    def get_environ(self) -> WSGIEnvironment:
        return super().get_environ() | {CONNECTION: self.connection}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening(application: WSGIApplication, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on a port of 127.0.0.1, a free one if it is 0, over TLS if a context is given; give the address."""
    with _Server((HOST, port), _Quiet) as server:
        server.set_app(application)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
