"""`yijian inbox`: keep raw messages as long as the law wants, and no longer."""

from typing import Annotated

import typer

from yijian.config.commands.setup import set_up_django

__all__ = ["inbox"]

inbox = typer.Typer(help="Raw messages as they came.", no_args_is_help=True)


@inbox.command()
def archive(
    days: Annotated[
        int | None, typer.Option(min=1, help="Archive what is older; YIJIAN_INBOX_DAYS by default.")
    ] = None,
) -> None:
    """Move old messages, sealed, from the database to the object storage; what waits stays."""
    set_up_django()
    from django.conf import settings  # noqa: PLC0415 - Django is set up only now

    from yijian.foundation.inbox.retention import archive_messages  # noqa: PLC0415 - loads models
    from yijian.kit.clock import now  # noqa: PLC0415

    done = archive_messages(now=now(), days=days or settings.ENVIRONMENT.inbox_days)
    typer.echo(f"{done.messages} messages in {done.archives} archives, {done.size} bytes")


@inbox.command()
def erase() -> None:
    """Erase archives whose legal period (YIJIAN_INBOX_YEARS) is over; the worker does it every day."""
    set_up_django()
    from django.conf import settings  # noqa: PLC0415 - Django is set up only now

    from yijian.foundation.inbox.retention import erase_archives  # noqa: PLC0415 - loads models
    from yijian.kit.clock import now  # noqa: PLC0415

    typer.echo(f"{erase_archives(now=now(), years=settings.ENVIRONMENT.inbox_years)} archives erased")
