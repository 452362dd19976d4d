"""Where we may connect to: addresses of the internet, and of those inner networks that a site names.

A name is resolved once and that address is used: it cannot turn into an inner one in between (SSRF).
"""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["Forbidden", "Network", "reason_of", "resolve"]

Network = IPv4Network | IPv6Network


class Forbidden(Exception):
    """The address is none we may connect to; the text says why."""


def resolve(host: str, port: int, inner: Iterable[Network], *, plain: bool = False) -> str:
    """Return an address of a host that we may connect to; raise `Forbidden` or `OSError`.

    With `plain` nothing protects what is sent: then only inner networks will do.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    networks = list(inner)
    for address in addresses:
        if not _allowed(address, networks, plain=plain):
            why = "without TLS only to networks of" if plain else "in none of the networks of"
            raise Forbidden(f"{host} ({address}) lies {why} YIJIAN_OUTBOUND_NETWORKS")
    return str(addresses[0])


def _allowed(address: IPv4Address | IPv6Address, inner: Iterable[Network], *, plain: bool) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    address = mapped or address
    if any(address in network for network in inner):
        return True
    return address.is_global and not address.is_multicast and not plain


def reason_of(fault: Exception) -> str:
    """Say in words why a connection failed; nothing of what was sent."""
    if isinstance(fault, socket.gaierror):
        return "the name of the host is unknown"
    return f"not reached: {type(fault).__name__}"
