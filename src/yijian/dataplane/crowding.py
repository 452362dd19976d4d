"""How many connections one address may have open: what keeps a single peer from taking all of them."""

from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import structlog

__all__ = ["Crowding", "read_address"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
SITE_BITS = 64
"""Of an IPv6 address; the rest is one site's to choose, so a site counts as one address."""

log = structlog.get_logger(__name__)


class Crowding:
    """Counts open connections by address and admits up to `most`; networks in `exempt` are not counted."""

    def __init__(self, most: int, exempt: Sequence[Network] = ()) -> None:
        self._most = most
        self._exempt = exempt
        self._open: Counter[Address] = Counter()
        self._told: set[Address] = set()

    def enter(self, address: Address) -> bool:
        """Tell whether a connection is admitted; `leave` follows when it ends."""
        if any(address in network for network in self._exempt):
            return True
        place = _site(address)
        if self._open[place] >= self._most:
            if place not in self._told:
                self._told.add(place)
                log.warning("too many connections of one address", address=str(place), most=self._most)
            return False
        self._open[place] += 1
        return True

    def leave(self, address: Address) -> None:
        """Count an admitted connection no more."""
        place = _site(address)
        self._open[place] -= 1
        if self._open[place] <= 0:
            del self._open[place]
            self._told.discard(place)


def read_address(text: str) -> Address:
    """Return a peer's address as the system writes it; an IPv4 peer on an IPv6 socket is an IPv4 peer."""
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _site(address: Address) -> Address:
    if isinstance(address, IPv6Address):
        return IPv6Address(int(address) >> (128 - SITE_BITS) << (128 - SITE_BITS))
    return address
