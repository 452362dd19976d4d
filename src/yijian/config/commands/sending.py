"""`yijian hl7`: hand a file of HL7 v2 messages to the listener, as their sender would."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from yijian.foundation.errors import CannotGoOn
from yijian.gateways.hl7v2.codec import MllpDecoder, frame, peek, split_batch, split_messages

__all__ = ["send_hl7"]

PATIENCE = 60
"""Seconds for an answer; a listener that is busier than that is asked again by sending the file again."""
TAKEN = (b"AA", b"CA")
UNANSWERED = ("", "NE", "ER")
"""MSH-15 of who hears nothing at once of a message that is taken."""


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
    raw = file.read_bytes()
    messages = split_messages(raw)
    if not messages:
        raise CannotGoOn(f"{file} holds no HL7 message: each begins with MSH at the start of a line.")
    refused = unanswered = 0
    with socket.create_connection((host, port), PATIENCE) as connection:
        answers = _answers(connection)
        for number, message in enumerate(messages, start=1):
            answer = _exchange(connection, answers, message)
            if not answer:
                unanswered += 1
            elif _field(answer, b"MSA", 1) not in TAKEN:
                refused += 1
                why = _field(answer, b"ERR", 8) or _field(answer, b"MSA", 3)
                typer.echo(f"{number}: {why.decode(errors='replace')}", err=True)
    silent = f", {unanswered} sent that want no answer" if unanswered else ""
    typer.echo(f"{len(messages) - refused - unanswered} taken, {refused} refused{silent}")
    missing = [batch.remark for batch in split_batch(raw) if batch.remark]
    for remark in missing:
        typer.echo(remark, err=True)
    if refused or missing:
        raise typer.Exit(1)


def _answers(connection: socket.socket) -> Iterator[bytes]:
    decoder = MllpDecoder()
    while data := connection.recv(65536):
        yield from decoder.feed(data)
    raise CannotGoOn("The listener closed the connection; see its log and send the file again.")


def _exchange(connection: socket.socket, answers: Iterator[bytes], message: bytes) -> bytes:
    """Send one message and return its answer, the first one that names it; empty where it wants none.

    What is answered once a message is processed (MSH-16) comes between others, and is passed over.
    """
    connection.sendall(frame(message))
    asked = peek(message, None)
    if asked.is_enhanced and asked.accept_acknowledgment in UNANSWERED:
        return b""
    named = asked.control_id.encode(asked.charset.codec, "replace")
    return next(answer for answer in answers if _field(answer, b"MSA", 2) == named)


def _field(answer: bytes, segment: bytes, number: int) -> bytes:
    line = next((line for line in answer.split(b"\r") if line.startswith(segment)), b"")
    fields = line.split(answer[3:4])
    return fields[number] if number < len(fields) else b""
