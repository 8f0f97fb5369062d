"""Certificates that nobody should believe, made when a hostile server starts TLS.

One certificate is everything at once that could be held against it: signed by itself, expired,
and for another name. `chain_bytes` adds a useless chain behind it.
"""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_BORN, _EXPIRED = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC)
_BALLAST: Final = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1")  # RFC 5612: for documentation
_LINK_BYTES: Final = 30_000


@cache
def server_context(chain_bytes: int = 0) -> ssl.SSLContext:
    """Return a TLS server's context with such a certificate, and a chain of about that size."""
    key = ec.generate_private_key(ec.SECP256R1())
    links = [_certificate(key, "another.example", 0)]
    links += [_certificate(key, "link.example", _LINK_BYTES)] * (chain_bytes // _LINK_BYTES)
    pem = b"".join(link.public_bytes(serialization.Encoding.PEM) for link in links)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the library reads them from files only
        path = Path(folder, "server.pem")
        path.touch(mode=0o600)
        path.write_bytes(private + pem)
        context.load_cert_chain(path)
    return context


def _certificate(key: ec.EllipticCurvePrivateKey, name: str, ballast: int) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BORN)
        .not_valid_after(_EXPIRED)
    )
    if ballast:
        filler = x509.UnrecognizedExtension(_BALLAST, bytes(ballast))
        builder = builder.add_extension(filler, critical=False)
    return builder.sign(key, hashes.SHA256())
