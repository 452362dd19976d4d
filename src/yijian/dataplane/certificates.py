"""MLLP over TLS with certificates on both sides (IHE ITI-19 node authentication, BCP 195)."""

import asyncio
import ssl

from yijian.dataplane.settings import MllpTls
from yijian.foundation.errors import CannotGoOn
from yijian.foundation.inbox.certificate_names import names_of

__all__ = ["certificate_names", "server_context"]

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secrecy and authenticated encryption (RFC 9325 §4.2); those of 1.3 all have both."""


def server_context(tls: MllpTls) -> ssl.SSLContext:
    """Return what takes nobody without a certificate of those authorities, and nothing below TLS 1.2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
        context.load_verify_locations(tls.client_authorities)
    except (ssl.SSLError, OSError) as fault:
        raise CannotGoOn(
            f"MLLP over TLS cannot start: {tls.certificate}, {tls.key} and {tls.client_authorities} must be"
            f" PEM files, the key unencrypted and that of the certificate ({fault})."
        ) from fault
    return context


def _no_password() -> str:
    """Answer for OpenSSL, which would ask the terminal."""
    return ""


def certificate_names(writer: asyncio.StreamWriter) -> frozenset[str]:
    """Return the names of the peer's verified certificate; none without TLS."""
    connection = writer.get_extra_info("ssl_object")
    der = connection.getpeercert(binary_form=True) if connection else None
    return names_of(der) if der else frozenset()
