"""The program `yijian`: every process of an installation, and what its operators do from a shell."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from yijian.config.commands.auditing import audit
from yijian.config.commands.importing import imports
from yijian.config.commands.inboxing import inbox
from yijian.config.commands.region import region
from yijian.config.commands.ruling import rules
from yijian.config.commands.sending import send_hl7
from yijian.config.commands.setup import set_up, set_up_django
from yijian.config.counts import count_together
from yijian.config.demo import RESIDENTS, run_demo
from yijian.config.environment import IncompleteConfiguration
from yijian.config.processes import end_with_parent
from yijian.foundation.errors import CannotGoOn
from yijian.kit.errors import Problem

__all__ = ["main"]

app = typer.Typer(
    name="yijian",
    help="一检: mutual recognition of laboratory and examination results.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
catalogue = typer.Typer(help="The catalogue of recognition items.", no_args_is_help=True)
clients = typer.Typer(help="Programs of institutions that call us.", no_args_is_help=True)
users = typer.Typer(help="People who sign in.", no_args_is_help=True)
app.command("hl7")(send_hl7)
app.add_typer(audit, name="audit")
app.add_typer(catalogue, name="catalogue")
app.add_typer(imports, name="import")
app.add_typer(region, name="region", hidden=True)
app.add_typer(inbox, name="inbox")
app.add_typer(rules, name="rules")
app.add_typer(clients, name="clients")
app.add_typer(users, name="users")

PartnerNumber = Annotated[int, typer.Option("--partner", hidden=True, help="Number of a further process.")]
PartnerSocket = Annotated[
    int | None, typer.Option("--control", hidden=True, help="What passes it connections.")
]


def main() -> None:
    """Run a command; what goes wrong is one sentence on stderr and a status other than zero."""
    try:
        app()
    except (CannotGoOn, IncompleteConfiguration, Problem) as refusal:
        detail = refusal.detail if isinstance(refusal, Problem) else str(refusal)
        sys.stderr.write(f"yijian: {detail}\n")
        raise SystemExit(1) from None
    except OSError as fault:
        sys.stderr.write(f"yijian: {fault}; free what it names or choose another.\n")
        raise SystemExit(1) from None


@app.callback()
def begin(
    attached: Annotated[bool, typer.Option(hidden=True, help="End when standard input closes.")] = False,
) -> None:
    """Say what holds for every command."""
    if attached:
        end_with_parent()


@app.command()
def demo(
    residents: Annotated[
        int, typer.Option(min=1, help="How many live there, at the first start.")
    ] = RESIDENTS,
) -> None:
    """Serve a demonstration region on this machine: embedded PostgreSQL, a year of reports, accounts."""
    run_demo(os.environ, Console(soft_wrap=True), residents=residents)


@app.command()
def serve(partner: PartnerNumber = 0, control: PartnerSocket = None) -> None:
    """Serve the web pages and every HTTP interface on YIJIAN_BIND:YIJIAN_HTTP_PORT.

    YIJIAN_WEB_PROCESSES share the connections: two, or one on a machine with one core, unless set.
    """
    environment = set_up()
    if environment.web_processes > 1:
        count_together(environment.home / "run" / f"counts-{environment.http_port}", partner)
    from yijian.config.serve import serve_http  # noqa: PLC0415 - it counts from its import on

    serve_http(environment, number=partner, control=control)


@app.command()
def mllp(partner: PartnerNumber = 0, control: PartnerSocket = None) -> None:
    """Take HL7 v2 messages on YIJIAN_BIND:YIJIAN_MLLP_PORT.

    Over TLS with client certificates too, where YIJIAN_MLLP_TLS_PORT, YIJIAN_MLLP_TLS_CERT and
    YIJIAN_MLLP_TLS_KEY (ours, PEM) and YIJIAN_MLLP_TLS_CLIENT_CA (who vouches for senders, PEM) are set.
    YIJIAN_MLLP_PROCESSES share the connections: two, or one on a machine with one core, unless set.
    """
    environment = set_up()
    from yijian.config.listen import listen_mllp  # noqa: PLC0415 - only this command needs it

    listen_mllp(environment, number=partner, control=control)


@app.command()
def worker() -> None:
    """Process the messages received and deliver events."""
    set_up_django()
    from yijian.config.worker import main as work  # noqa: PLC0415 - loads models

    raise SystemExit(work())


@app.command()
def migrate() -> None:
    """Bring the database to this version of the program."""
    set_up_django()
    from django.core.management import call_command  # noqa: PLC0415 - loads Django

    call_command("migrate", verbosity=1)


@catalogue.command("load")
def load_catalogue() -> None:
    """Bring the tables to the catalogue that this version ships; a region's own items stay."""
    set_up_django()
    from yijian.domains.terminology import api as terminology  # noqa: PLC0415 - loads models

    typer.echo(f"{terminology.load_catalogue()} items")


@clients.command("add")
def add_client(
    client_id: str,
    institution: Annotated[str, typer.Option(help="Code of the institution the program belongs to.")],
    scope: Annotated[list[str], typer.Option(help="What it may do; repeat the option for more.")],
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
) -> None:
    """Register a program, or replace its registration, and print its new secret."""
    set_up_django()
    from yijian.foundation.accounts import api as accounts  # noqa: PLC0415 - loads models

    try:
        secret = accounts.register_client(client_id, institution, name or client_id, scope)
    except ValueError as fault:
        raise CannotGoOn(f"The client cannot be registered: {fault}.") from fault
    typer.echo(secret)


@users.command("add")
def add_user(
    username: str,
    role: Annotated[str, typer.Option(help="clinician, technician, integrator, supervisor, administrator")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    institution: Annotated[str, typer.Option(help="Code of the person's institution.")] = "",
) -> None:
    """Add a person, or give one a new password and role; an administrator may enter /admin/."""
    set_up_django()
    from django.contrib.auth.password_validation import validate_password  # noqa: PLC0415 - loads Django
    from django.core.exceptions import ValidationError  # noqa: PLC0415

    from yijian.foundation.accounts.models import Role, User  # noqa: PLC0415

    if role not in Role.values:
        raise CannotGoOn(f"There is no role {role}: choose one of {', '.join(Role.values)}.")
    user = User.objects.filter(username=username).first() or User(username=username)
    user.role, user.institution_code = Role(role), institution
    user.is_staff = user.is_superuser = role == Role.ADMINISTRATOR
    try:
        validate_password(password, user)
    except ValidationError as fault:
        raise CannotGoOn(f"Choose another password: {' '.join(fault.messages)}") from fault
    user.set_password(password)
    user.save()


if __name__ == "__main__":
    main()
