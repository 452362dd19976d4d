"""A receiving hospital's system: its registration, its token, and what it asks."""

import base64
import urllib.request
from typing import Any

import msgspec

from bench.history import ITEMS
from yijian.demo.people import Resident

__all__ = ["RECEIVER", "get_token", "question", "register_his"]

RECEIVER = "42011501"
"""A county's general hospital: the province's marks, the city's and those of its own consortium reach it."""
CLIENT = "bench-his"


def register_his(client_id: str = CLIENT, **key: Any) -> str:
    """Register the receiving hospital's system, with its key where it signs; return its secret."""
    from yijian.foundation.accounts.api import register_client  # noqa: PLC0415 - Django is set up by now

    return register_client(client_id, RECEIVER, "HIS", {"recognition.match"}, **key)


def get_token(port: int, secret: str, client_id: str = CLIENT) -> str:
    """Get a bearer token by client credentials."""
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/oauth/token",
        b"grant_type=client_credentials",
        {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
        return str(msgspec.json.decode(answer.read())["access_token"])


def question(resident: Resident) -> dict[str, object]:
    """Return an order check as a hospital's system sends it: who, where, by whom, and twenty items."""
    number = resident.local_number(RECEIVER)
    return {
        "patient": {
            "identifiers": [
                {"type": "resident_id", "value": resident.resident_id},
                {"type": "local", "value": number},
            ],
            "name": resident.name,
            "sex": resident.sex,
            "birth_date": resident.birth_date,
        },
        "encounter": {"type": "outpatient", "number": f"V{number}"},
        "practitioner": {"id": "2041", "name": "周平"},
        "department": {"code": "03", "name": "内科"},
        "items": [
            {"system": "item", "code": code, "order_no": f"{number}-{index}"}
            for index, code in enumerate(ITEMS, start=1)
        ],
    }
