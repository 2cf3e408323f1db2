"""Signatures of webhooks: HMAC-SHA256 over the raw body, in lower-case hexadecimal."""

import hashlib
import hmac
from typing import Final

HEADER: Final = "Column-Signature"
ENDPOINT_HEADER: Final = "Webhook-Endpoint-Id"


def sign(secret: str, body: bytes) -> str:
    """The signature of a body."""
    return hmac.new(secret.encode("utf-8"), body, hashlib.sha256).hexdigest()


def verify(secret: str, body: bytes, signature: str | None) -> bool:
    """Whether the signature is that of the body, compared in constant time. Without a secret nothing is."""
    if not secret or not signature:
        return False
    return hmac.compare_digest(sign(secret, body).encode("ascii"), signature.encode("utf-8", "surrogateescape"))
