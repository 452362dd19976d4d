"""Connections of the data plane: asyncpg with msgspec as its JSON."""

import asyncpg
import msgspec

__all__ = ["create_pool"]

STATEMENT_CACHE = 256
COMMAND_SECONDS = 60
CONNECT_SECONDS = 10
IDLE_SECONDS = 300
PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan"}
"""Where every statement looks rows up by keys, no value changes the plan, and planning costs as much. Not for
tables that are emptied and filled: a plan made while they are empty would stay.
"""
BY_KEYS = {"enable_seqscan": "off", "jit": "off"}
"""The data plane looks rows up by keys; the rulebook, read whole, says otherwise for itself.

While statistics say that a table is empty, as the inbox may be at night, a scan would look cheaper, and stay
the plan until the next analysis.
"""
JSONB_VERSION = b"\x01"
"""The first byte of jsonb in PostgreSQL's binary form."""


async def create_pool(
    url: str, *, application_name: str, min_size: int = 1, max_size: int = 8, planned_once: bool = False
) -> asyncpg.Pool:
    """Open a pool whose connections speak JSON and JSONB as Python values, in binary."""
    return await asyncpg.create_pool(
        url,
        min_size=min_size,
        max_size=max_size,
        init=_teach_json,
        reset=_leave_as_it_is,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        statement_cache_size=STATEMENT_CACHE,
        max_inactive_connection_lifetime=IDLE_SECONDS,
        server_settings={"application_name": application_name, "timezone": "UTC"}
        | BY_KEYS
        | (PLANNED_ONCE if planned_once else {}),
    )


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """Nothing here changes a session's settings, so giving a connection back costs no round trip.

    asyncpg itself still rolls back what is open and forgets listeners.
    """


async def _teach_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "json", encoder=msgspec.json.encode, decoder=msgspec.json.decode, schema="pg_catalog", format="binary"
    )
    await connection.set_type_codec(
        "jsonb", encoder=_encode_jsonb, decoder=_decode_jsonb, schema="pg_catalog", format="binary"
    )


def _encode_jsonb(value: object) -> bytes:
    return JSONB_VERSION + msgspec.json.encode(value)


def _decode_jsonb(data: bytes) -> object:
    return msgspec.json.decode(memoryview(data)[len(JSONB_VERSION) :])
