"""The names a client certificate bears, and the one form in which a sender's registration lists them."""

import re

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["NAME_FORM", "names_of"]

NAME_FORM = re.compile(r"sha256:[0-9a-f]{64}|dns:[^\s,]+|uri:\S+|subject:[A-Za-z0-9.]+=.+")
"""Fingerprint of the whole certificate, a subject alternative name, or the subject as RFC 4514 writes it."""


def names_of(der: bytes) -> frozenset[str]:
    """Return every name of a certificate (DER) that its chain vouches for, and its fingerprint.

    A certificate that cannot be read bears none, whatever let it through the handshake.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        return frozenset(
            {
                f"sha256:{certificate.fingerprint(SHA256()).hex()}",
                f"subject:{certificate.subject.rfc4514_string()}",
                *_alternatives(certificate),
            }
        )
    except ValueError:
        return frozenset()


def _alternatives(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {f"dns:{name.lower()}" for name in found.get_values_for_type(x509.DNSName)} | {
        f"uri:{name}" for name in found.get_values_for_type(x509.UniformResourceIdentifier)
    }
