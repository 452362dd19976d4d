"""The brake on guessing passwords: tries are counted in the database, for all processes and over restarts.

A try counts before its password is looked at, so that many at once get no further than one after the other.
What was typed as a name is kept as a keyed digest alone: it may be a password in the wrong field.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.db.models import F
from django.utils.crypto import salted_hmac

from yijian.foundation.accounts.models import SignInTries
from yijian.foundation.database.sync import fetch
from yijian.kit.sql import read_sql

__all__ = ["MOST_OF_ADDRESS", "MOST_OF_NAME", "Attempt", "forget_tries"]

COUNT_TRY = read_sql("yijian.foundation.accounts", "count_try")
WINDOW = timedelta(minutes=15)
MOST_OF_NAME = 10
"""Wrong passwords of a name from an address within a window."""
MOST_OF_ADDRESS = 300
"""Of all names together: a hospital may stand behind one address."""
NEIGHBOURS = 64
"""Bits of an IPv6 address that one customer's machines share."""


class Attempt:
    """Somebody at an address who says to be somebody, now."""

    def __init__(self, name: str, address: str, at: datetime) -> None:
        self.address = _normal(address)
        self.number_of_address = 0
        self._at = at
        self._of_name = _digest(f"{self.address}|{name}")
        self._of_address = _digest(self.address)

    def count(self) -> bool:
        """Count a try; tell whether its password may be looked at."""
        tries = self._count(self._of_name)
        if tries > MOST_OF_NAME:
            return False
        self.number_of_address = self._count(self._of_address)
        return self.number_of_address <= MOST_OF_ADDRESS

    def take_back(self) -> None:
        """Count this try no more, for it was right; nor the wrong ones of the name before it."""
        SignInTries.objects.filter(digest=self._of_name).delete()
        SignInTries.objects.filter(digest=self._of_address, tries__gt=0).update(tries=F("tries") - 1)

    def is_over(self) -> bool:
        """Tell whether the next try would be one too many."""
        running = SignInTries.objects.filter(ends_at__gt=self._at, ends_at__lte=self._at + WINDOW)
        return (
            running.filter(digest=self._of_name, tries__gte=MOST_OF_NAME).exists()
            or running.filter(digest=self._of_address, tries__gte=MOST_OF_ADDRESS).exists()
        )

    def _count(self, digest: bytes) -> int:
        return int(fetch(COUNT_TRY, digest, self._at, self._at + WINDOW)[0]["tries"])


def forget_tries(*, now: datetime) -> int:
    """Delete windows that are over; return how many."""
    return SignInTries.objects.filter(ends_at__lt=now).delete()[0]


def _normal(address: str) -> str:
    """Return an address, of IPv6 its network; what is none (a socket's) as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((int(parsed), NEIGHBOURS), strict=False))


def _digest(text: str) -> bytes:
    return salted_hmac("yijian.sign_in_tries", text, algorithm="sha256").digest()
