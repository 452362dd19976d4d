"""`yijian audit`: that nobody tampered with the trail of who read what."""

from typing import TYPE_CHECKING, Annotated

import typer

from yijian.config.commands.setup import set_up_django
from yijian.foundation.errors import CannotGoOn

if TYPE_CHECKING:
    from yijian.foundation.audit.api import ChainEnd

__all__ = ["audit"]

audit = typer.Typer(help="The trail of who read or changed what.", no_args_is_help=True)
DIGEST_BYTES = 32


@audit.command("verify")
def verify(
    anchor: Annotated[
        str, typer.Option(help="An end printed earlier and kept elsewhere, NUMBER:DIGEST.")
    ] = "",
) -> None:
    """Check every entry against the one before, and print the trail's end: keep it where nobody edits it.

    Without an anchor it cannot be seen that the newest entries were cut off.
    """
    set_up_django()
    from yijian.foundation.audit import api  # noqa: PLC0415 - loads models

    end = api.get_chain_end()
    broken = api.verify_chain(_read_anchor(anchor) if anchor else None)
    if broken is not None:
        raise CannotGoOn(
            f"The audit trail is broken at entry {broken}: keep a copy of the database as it is, "
            "and restore the entries from that one on from a backup."
        )
    typer.echo(f"{end.entry_id} entries, unbroken; the end is {end.entry_id}:{end.digest.hex()}")


def _read_anchor(text: str) -> "ChainEnd":
    from yijian.foundation.audit.api import ChainEnd  # noqa: PLC0415 - loads models

    number, _, digest = text.partition(":")
    try:
        anchor = ChainEnd(int(number), bytes.fromhex(digest))
    except ValueError:
        anchor = ChainEnd()
    if len(anchor.digest) != DIGEST_BYTES or anchor.entry_id < 1:
        raise CannotGoOn(
            "Give the anchor as it was printed: the entry's number, a colon, 64 hexadecimal digits."
        )
    return anchor
