"""A mail server on loopback, as small as smtplib allows, that can be told to fail."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps what it accepted.

    `verdict(recipient, count)` may answer a line such as "451 Later" instead of accepting a message, or None to break
    the connection off.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.accepted: list[Message] = []
        self.recipients: list[str] = []
        self.verdict: Callable[[str, int], str | None] = lambda recipient, count: "250 Accepted"
        self.unknown: dict[str, str] = {}  # addresses refused at RCPT, and how
        self.silent = threading.Event()  # while set, DATA is taken and not answered
        self.hung_up = threading.Event()
        self.lock = threading.Lock()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def __enter__(self) -> MailServer:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.hung_up.set()
        self.shutdown()
        self.server_close()


class Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("220 loopback")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split()[0].upper()
            if verb == "RCPT":
                recipient = line.split(":", 1)[1].strip(" <>")
                if refusal := self.server.unknown.get(recipient):
                    self.say(refusal)
                    continue
            if verb == "DATA":
                self.say("354 Go on")
                if self.server.silent.is_set():
                    self.server.hung_up.wait(30)
                    return
                answer = self.take(recipient)
                if answer is None:
                    return
                self.say(answer)
            elif verb == "QUIT":
                return self.say("221 Bye")
            else:
                self.say("250 OK")

    def take(self, recipient: str) -> str | None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        with self.server.lock:
            answer = self.server.verdict(recipient, len(self.server.accepted))
            if answer and answer.startswith("250"):
                self.server.accepted.append(message_from_bytes(b"".join(lines)))
                self.server.recipients.append(recipient)
        return answer
