"""Send an HL7 message over MLLP, plain or TLS, and wait for its acknowledgement."""

import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from yijian.foundation.outbound.api import Answer, Outgoing, Target
from yijian.gateways.outbound.codec import acknowledged
from yijian.gateways.outbound.network import Forbidden, Network, reason_of, resolve

__all__ = ["MllpTransport"]

START, END = b"\x0b", b"\x1c\r"
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0
LONGEST_ANSWER = 64 * 1024
PLAIN, TLS = "mllp", "mllps"
DEFAULT_PORT = 2575


@dataclass(frozen=True)
class MllpTransport:
    """Opens a connection for each message; without TLS only inside `inner` networks."""

    inner: tuple[Network, ...]

    def __call__(self, target: Target, outgoing: Outgoing) -> Answer:
        try:
            address = urlsplit(target.address)
            if address.scheme not in {PLAIN, TLS} or not address.hostname:
                return Answer("later", "the address must begin with mllp:// or mllps://")
            data = outgoing.payload.encode(target.encoding, "replace")
            answer = self._exchange(address, START + data + END)
        except (Forbidden, ValueError) as refusal:
            return Answer("later", str(refusal), unreachable=True)
        except OSError as fault:
            return Answer("later", reason_of(fault), unreachable=True)
        if not answer:
            return Answer("later", "the connection closed before an acknowledgement", unreachable=True)
        taken, said = acknowledged(answer, outgoing.delivery_id)
        return Answer("delivered") if taken else Answer("later", said)

    def _exchange(self, address: SplitResult, framed: bytes) -> bytes:
        host, port = address.hostname or "", address.port or DEFAULT_PORT
        numeric = resolve(host, port, self.inner, plain=address.scheme == PLAIN)
        with socket.create_connection((numeric, port), CONNECT_SECONDS) as plain:
            if address.scheme == PLAIN:
                return _ask(plain, framed)
            with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as protected:
                return _ask(protected, framed)


def _ask(connection: socket.socket, framed: bytes) -> bytes:
    """Return the acknowledgement, '' where the other side hangs up or says too much; bounded in time."""
    deadline = time.monotonic() + ANSWER_SECONDS
    connection.settimeout(ANSWER_SECONDS)
    connection.sendall(framed)
    received = bytearray()
    while END[:1] not in received and len(received) < LONGEST_ANSWER:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(4096)
        if not piece:
            return b""
        received += piece
    return bytes(received.partition(END[:1])[0].lstrip(START))
