"""Subscribers on real sockets: a web server and an HL7 listener, as obliging or broken as a test wants."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Respond = Callable[[int], int]
"""From the number of a request, counted from one, to the status of its answer."""


@dataclass
class Got:
    """A request as it came."""

    headers: dict[str, str]
    body: bytes


@dataclass
class WebReceiver:
    """What a web server got; `respond` tells what it answers."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    respond: Respond = lambda _number: 204
    location: str = ""

    def ids(self) -> list[str]:
        return [each.headers["webhook-id"] for each in self.got]


@contextmanager
def web_receiver(respond: Respond = lambda _number: 204, *, location: str = "") -> Iterator[WebReceiver]:
    receiver = WebReceiver(respond=respond, location=location)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append(Got({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(receiver.respond(len(receiver.got)))
            if receiver.location:
                self.send_header("location", receiver.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Hl7Receiver:
    """What a listener got; `codes` are what it acknowledges with, the last one for ever."""

    address: str = ""
    got: list[str] = field(default_factory=list)
    codes: tuple[str, ...] = ("AA",)


@contextmanager
def hl7_receiver(*codes: str, encoding: str = "utf-8") -> Iterator[Hl7Receiver]:
    """Listen for MLLP; the code `hang up` closes the connection without an answer."""
    receiver = Hl7Receiver(codes=codes or ("AA",))
    server = socket.create_server(("127.0.0.1", 0))
    receiver.address = f"mllp://127.0.0.1:{server.getsockname()[1]}"

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                data = b""
                while not data.endswith(b"\x1c\r"):
                    data += connection.recv(4096)
                message = data.strip(b"\x0b\x1c\r").decode(encoding)
                code = receiver.codes[min(len(receiver.got), len(receiver.codes) - 1)]
                receiver.got.append(message)
                if code != "hang up":
                    control_id = message.split("|")[9]
                    answer = f"MSH|^~\\&|LIS|H|YIJIAN|YIJIAN|||ACK|1|P|2.5.1\rMSA|{code}|{control_id}\r"
                    connection.sendall(b"\x0b" + answer.encode() + b"\x1c\r")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
