"""`yijian hl7`: hand a file of HL7 v2 messages to the listener, as their sender would."""

import socket
from pathlib import Path
from typing import Annotated

import typer

from yijian.foundation.errors import CannotGoOn
from yijian.gateways.hl7v2.codec import MllpDecoder, frame, split_messages

__all__ = ["send_hl7"]

PATIENCE = 60
"""Seconds for an answer; a listener that is busier than that is asked again by sending the file again."""
TAKEN = (b"AA", b"CA")


def send_hl7(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Messages, or batches (FHS, BHS) of them.")
    ],
    host: Annotated[str, typer.Option(envvar="YIJIAN_BIND", help="The listener's address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="YIJIAN_MLLP_PORT", help="The listener's port.")] = 2575,
) -> None:
    """Send each message of a file to the listener; print those it refuses, and how many it took.

    What was taken before is answered as before and not taken twice, so a file may be sent again.
    """
    messages = split_messages(file.read_bytes())
    if not messages:
        raise CannotGoOn(f"{file} holds no HL7 message: each begins with MSH at the start of a line.")
    refused = 0
    with socket.create_connection((host, port), PATIENCE) as connection:
        decoder = MllpDecoder()
        for number, message in enumerate(messages, start=1):
            answer = _exchange(connection, decoder, message)
            if _field(answer, b"MSA", 1) not in TAKEN:
                refused += 1
                why = _field(answer, b"ERR", 8) or _field(answer, b"MSA", 3)
                typer.echo(f"{number}: {why.decode(errors='replace')}", err=True)
    typer.echo(f"{len(messages) - refused} taken, {refused} refused")
    if refused:
        raise typer.Exit(1)


def _exchange(connection: socket.socket, decoder: MllpDecoder, message: bytes) -> bytes:
    """Send one message and return its answer."""
    connection.sendall(frame(message))
    while True:
        data = connection.recv(65536)
        if not data:
            raise CannotGoOn("The listener closed the connection; see its log and send the file again.")
        if answers := decoder.feed(data):
            return answers[0]


def _field(answer: bytes, segment: bytes, number: int) -> bytes:
    line = next((line for line in answer.split(b"\r") if line.startswith(segment)), b"")
    fields = line.split(answer[3:4])
    return fields[number] if number < len(fields) else b""
