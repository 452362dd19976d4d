"""`yijian rules`: what regions published, drafted here, previewed, and signed by a second person."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.progress import Progress

from yijian.config.commands.setup import set_up_django
from yijian.kit.clock import now

__all__ = ["rules"]

rules = typer.Typer(help="Agreements and options of regions, version by version.", no_args_is_help=True)
Kind = Annotated[str, typer.Argument(help="agreement or options")]
Number = Annotated[int, typer.Argument(help="As `yijian rules list` prints it.")]


@rules.command("list")
def list_rules() -> None:
    """Print every version with its state, and the regions whose published rules can be loaded."""
    set_up_django()
    from yijian.domains.sharing import api as sharing  # noqa: PLC0415 - loads models

    for kind in ("agreement", "options"):
        for each in sharing.list_versions(kind):
            value = each.value
            name = getattr(value, "code", None) or f"{value.scope.kind}:{value.scope.code}"
            typer.echo(
                f"{kind} {each.key.number}\t{name}@{value.version}\t{each.state}\t{value.effective_from}"
            )
    typer.echo(f"published: {', '.join(sharing.list_published())}")


@rules.command("load")
def load(
    region: Annotated[str, typer.Argument(help="A published region, such as hubei.")],
    author: Annotated[str, typer.Option(help="Who answers for the drafts; somebody else signs.")],
) -> None:
    """Draft what a region published, where it differs from what is signed; drafts count for nothing yet."""
    set_up_django()
    from yijian.domains.sharing import api as sharing  # noqa: PLC0415 - loads models

    published = sharing.get_published(region)
    for note in published.assumed:
        typer.echo(f"assumed: {note}")
    for key in sharing.draft_published(published, author=author, at=now()):
        typer.echo(f"drafted: {key.kind} {key.number}")


@rules.command("submit")
def submit(
    kind: Kind,
    number: Number,
    author: Annotated[str, typer.Option(help="Who drafted it.")],
    days: Annotated[int, typer.Option(min=1, help="How far back matches are decided again.")] = 30,
) -> None:
    """Decide the last days' matches with a draft put in, and hand both over for signature."""
    set_up_django()
    from yijian.domains.recognition import api as recognition  # noqa: PLC0415 - loads models
    from yijian.domains.sharing import api as sharing  # noqa: PLC0415

    key = sharing.VersionKey(kind, number)
    draft, until = sharing.get_version(key).value, now()
    with Progress(transient=True) as shown:
        task = shown.add_task("matches", total=None)
        found = recognition.preview_version(
            draft,
            until - timedelta(days=days),
            until,
            by=author,
            progress=lambda done, total: shown.update(task, completed=done, total=total),
        )
    sharing.submit_version(key, found.as_document(), by=author, at=now())
    typer.echo(f"{found.looked_at} of {found.matches} matches, {found.items} items")
    for (before, after), count in found.changes.most_common():
        typer.echo(f"{before} → {after}: {count}")


@rules.command("sign")
def sign(
    kind: Kind,
    number: Number,
    signer: Annotated[str, typer.Option(help="Who read it; not its author.")],
) -> None:
    """Put a submitted version into force from its date on."""
    set_up_django()
    from yijian.domains.sharing import api as sharing  # noqa: PLC0415 - loads models

    sharing.sign_version(sharing.VersionKey(kind, number), by=signer, at=now())
