"""Configuration from the environment (contract §2), read once, refused where incomplete."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from yijian.dataplane.settings import MllpTls

__all__ = ["Environment", "IncompleteConfiguration", "read_environment"]

LONGEST_SPAN = 10_000
MLLP_METRICS = "YIJIAN_MLLP_METRICS_PORT"
MLLP_PROCESSES = 2
"""As many as a listener needs for a thousand messages a second, where there are as many cores."""
WEB_PROCESSES = 2
"""As many as a database on the same two cores leaves room for; more must be asked for."""
MLLP_CONNECTIONS, HTTP_CONNECTIONS = 256, 1000
"""Of one address: behind it a hospital has one gateway for its engines, and a browser on every desk."""
LOOPBACK = "127.0.0.0/8,::1/128"


class IncompleteConfiguration(Exception):
    """Start-up stops; the message names what is missing and how to give it."""


@dataclass(frozen=True, slots=True)
class Environment:
    home: Path
    http_port: int
    mllp_port: int
    dimse_port: int
    bind: str
    database_url: str
    storage_url: str
    secret_key: str
    field_key: bytes
    namespace: str
    demo: bool
    demo_open: bool
    secure_cookies: bool
    allowed_hosts: list[str]
    web_processes: int = 1
    """Among how many the connections over HTTP are shared."""
    mllp_tls: MllpTls | None = None
    mllp_processes: int = 1
    """Among how many the listener's connections are shared."""
    mllp_connections: int = MLLP_CONNECTIONS
    """How many one address may have open."""
    http_connections: int = HTTP_CONNECTIONS
    """How many one address may have open; those of `proxies` are not counted."""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Whose forwarded headers are believed."""
    mllp_metrics_port: int | None = None
    """Where the listener's counts are read: its partner number n has them on the nth port after that."""
    outbound_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Inner networks to which messages may go out; anywhere else only over TLS to the internet."""
    inbox_days: int = 90
    """How long raw messages stay in the database before they are archived."""
    inbox_years: int = 30
    """How long archived messages are kept: for inpatients 30 years, for outpatients 15 by law."""
    report_hours: int = 48
    """After which an executed order without report is asked about."""


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise IncompleteConfiguration(f"{name} must be a port between 1 and 65535, not {text!r}.")
    return int(text)


def _span(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdigit() or not 0 < int(text) <= LONGEST_SPAN:
        raise IncompleteConfiguration(f"{name} must be a number between 1 and {LONGEST_SPAN}, not {text!r}.")
    return int(text)


def _field_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise IncompleteConfiguration("YIJIAN_FIELD_KEY must be 32 bytes in base64 (44 characters).")
    return key


MLLP_TLS = tuple(f"YIJIAN_MLLP_TLS_{name}" for name in ("PORT", "CERT", "KEY", "CLIENT_CA"))


def _mllp_tls(env: Mapping[str, str]) -> MllpTls | None:
    """Read what MLLP over TLS needs: all of it, or none where there is to be none."""
    missing = [name for name in MLLP_TLS if not env.get(name)]
    if len(missing) == len(MLLP_TLS):
        return None
    if missing:
        raise IncompleteConfiguration(f"MLLP over TLS also needs {', '.join(missing)}: set all or none.")
    port, *files = MLLP_TLS
    absent = [name for name in files if not Path(env[name]).is_file()]
    if absent:
        raise IncompleteConfiguration(f"{', '.join(absent)} must name an existing PEM file.")
    return MllpTls(_number(env, port, 2576), *(Path(env[name]).resolve() for name in files))


def _networks(env: Mapping[str, str], name: str, default: str) -> tuple[IPv4Network | IPv6Network, ...]:
    given = [part.strip() for part in env.get(name, default).split(",") if part.strip()]
    try:
        return tuple(ip_network(part) for part in given)
    except ValueError as fault:
        raise IncompleteConfiguration(f"{name} lists networks such as 10.0.0.0/8: {fault}.") from fault


def read_environment(env: Mapping[str, str]) -> Environment:
    """Read the configuration; raise `IncompleteConfiguration` naming every missing variable."""
    required = ("YIJIAN_DATABASE_URL", "YIJIAN_SECRET_KEY", "YIJIAN_FIELD_KEY")
    missing = [name for name in required if not env.get(name)]
    if missing:
        raise IncompleteConfiguration(
            f"Set {', '.join(missing)}; `yijian demo` makes them by itself, production needs them given."
        )
    demo = env.get("YIJIAN_DEMO") == "1"
    if env.get("YIJIAN_DEMO_OPEN") == "1" and not demo:
        raise IncompleteConfiguration("YIJIAN_DEMO_OPEN=1 is only for the demo; unset it.")
    home = Path(env.get("YIJIAN_HOME", "./var")).resolve()
    return Environment(
        home=home,
        http_port=_number(env, "YIJIAN_HTTP_PORT", 8000),
        mllp_port=_number(env, "YIJIAN_MLLP_PORT", 2575),
        dimse_port=_number(env, "YIJIAN_DIMSE_PORT", 11112),
        bind=env.get("YIJIAN_BIND", "127.0.0.1"),
        database_url=env["YIJIAN_DATABASE_URL"],
        storage_url=env.get("YIJIAN_STORAGE_URL") or (home / "objects").as_uri(),
        secret_key=env["YIJIAN_SECRET_KEY"],
        field_key=_field_key(env["YIJIAN_FIELD_KEY"]),
        namespace=env.get("YIJIAN_NAMESPACE", "urn:yijian"),
        demo=demo,
        demo_open=demo and env.get("YIJIAN_DEMO_OPEN") == "1",
        secure_cookies=not demo and env.get("YIJIAN_INSECURE_COOKIES") != "1",
        allowed_hosts=env.get("YIJIAN_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(","),
        web_processes=_span(env, "YIJIAN_WEB_PROCESSES", min(os.cpu_count() or 1, WEB_PROCESSES)),
        mllp_tls=_mllp_tls(env),
        mllp_processes=_span(env, "YIJIAN_MLLP_PROCESSES", min(os.cpu_count() or 1, MLLP_PROCESSES)),
        mllp_connections=_span(env, "YIJIAN_MLLP_CONNECTIONS", MLLP_CONNECTIONS),
        http_connections=_span(env, "YIJIAN_HTTP_CONNECTIONS", HTTP_CONNECTIONS),
        proxies=_networks(env, "YIJIAN_PROXIES", LOOPBACK),
        mllp_metrics_port=_number(env, MLLP_METRICS, 0) if env.get(MLLP_METRICS) else None,
        outbound_networks=_networks(env, "YIJIAN_OUTBOUND_NETWORKS", LOOPBACK if demo else ""),
        inbox_days=_span(env, "YIJIAN_INBOX_DAYS", 90),
        inbox_years=_span(env, "YIJIAN_INBOX_YEARS", 30),
        report_hours=_span(env, "YIJIAN_REPORT_HOURS", 48),
    )
