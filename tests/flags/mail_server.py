"""A mail server that keeps what it is given, on 127.0.0.1: it speaks as much SMTP as a client needs."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import cast


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps letters; turns away those to an address that it is told to."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[EmailMessage] = []
        self.unknown: set[str] = set()
        self.accepted: list[str] = []
        """The names that signed in."""

    @property
    def port(self) -> int:
        return cast(int, self.server_address[1])

    @property
    def url(self) -> str:
        return f"smtp://clinic:secret%40word@127.0.0.1:{self.port}"


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast(MailServer, self.server)
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].upper()
            if verb.startswith("EHLO"):
                self._say("250-here\r\n250 AUTH PLAIN")
            elif verb.startswith("AUTH"):
                server.accepted.append(line.rpartition(" ")[2])
                self._say("235 come in")
            elif verb == "RCPT TO" and any(address in line for address in server.unknown):
                self._say("550 nobody here")
            elif verb == "DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                letter = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                server.letters.append(cast(EmailMessage, letter))
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 well")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """A mail server for as long as the block lasts."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
