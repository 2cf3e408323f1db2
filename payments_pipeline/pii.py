"""Personal data: encrypted where it is stored, masked where it is shown, found by an index that tells nothing.

AES-256-GCM under the key of PAYMENTS_PII_KEY. Every ciphertext is bound to its place (the table and the key of its row),
so that one cannot be moved to another row unseen, and names the key that made it, so that a wrong key is told apart from
a damaged value. Look-ups go by a keyed hash: equal values have equal indexes, and without the key nothing follows.

Where no key is set, one is made once and kept in PAYMENTS_HOME, readable by its owner only: enough to try the platform,
and no way to run it on more than one machine.
"""

import base64
import binascii
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from payments_pipeline.errors import PaymentsError
from payments_pipeline.settings import Settings

KEY_BYTES: Final = 32
KEY_FILE: Final = "pii.key"

_FORMAT: Final = b"\x01"
_KEY_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = len(_FORMAT) + _KEY_ID_BYTES + _NONCE_BYTES


class PersonalDataError(PaymentsError):
    """Personal data that cannot be read, or a key that is none."""


@dataclass(frozen=True)
class PersonalData:
    """Encrypts and reads personal data under one key."""

    key: bytes = field(repr=False)
    _cipher: AESGCM = field(init=False, repr=False, compare=False)
    _key_id: bytes = field(init=False, repr=False, compare=False)
    _index_key: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise PersonalDataError(
                f"PAYMENTS_PII_KEY is a key of {len(self.key)} bytes, expected {KEY_BYTES}",
                "make one with: python -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())'",
            )
        object.__setattr__(self, "_cipher", AESGCM(self._derived(b"encrypt")))
        object.__setattr__(self, "_key_id", self._derived(b"key id")[:_KEY_ID_BYTES])
        object.__setattr__(self, "_index_key", self._derived(b"index"))

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """With the key of the settings, or else the one kept in PAYMENTS_HOME, which is made when first asked for."""
        if settings.pii_key is not None:
            return cls(_decoded(settings.pii_key.get_secret_value(), "PAYMENTS_PII_KEY"))
        file = settings.home / KEY_FILE
        return cls(_decoded(_kept_key(file), str(file)))

    def encrypt(self, text: str, place: str) -> bytes:
        """The text, readable only under this key and only as that of this place."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + self._key_id + nonce + self._cipher.encrypt(nonce, text.encode(), place.encode())

    def decrypt(self, stored: bytes, place: str) -> str:
        """The text that was encrypted for this place."""
        if stored[:1] != _FORMAT or stored[1 : 1 + _KEY_ID_BYTES] != self._key_id:
            raise PersonalDataError(
                f"{place} was encrypted under another key", "set PAYMENTS_PII_KEY to the key that it was stored with."
            )
        nonce = stored[_HEADER_BYTES - _NONCE_BYTES : _HEADER_BYTES]
        try:
            return self._cipher.decrypt(nonce, stored[_HEADER_BYTES:], place.encode()).decode()
        except InvalidTag:
            raise PersonalDataError(
                f"the personal data of {place} was altered, or moved there from another row",
                "restore the row from a backup.",
            ) from None

    def index(self, text: str, kind: str) -> bytes:
        """What to look a value of a kind up by: 16 bytes that are the same for the same value."""
        return hashlib.blake2b(f"{kind}|{text}".encode(), digest_size=16, key=self._index_key).digest()

    def _derived(self, purpose: bytes) -> bytes:
        """A key of its own for each purpose, so that none says anything about another."""
        return hashlib.blake2b(b"payments " + purpose, digest_size=KEY_BYTES, key=self.key).digest()


def masked_tin(tin: str, tin_type: str) -> str:
    """A taxpayer number as statements to the borrower may show it: its last four digits."""
    if not tin:
        return "not on file"
    return f"**-***{tin[-4:]}" if tin_type == "ein" else f"***-**-{tin[-4:]}"


def _kept_key(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        # another process may be making it at this moment: it appears whole or not at all
        made = file.with_name(f".{file.name}.{os.getpid()}")
        made.touch(mode=0o600)
        made.write_text(base64.b64encode(os.urandom(KEY_BYTES)).decode() + "\n", encoding="ascii")
        try:
            with suppress(FileExistsError):
                os.link(made, file)
        finally:
            made.unlink()
    return file.read_text(encoding="ascii").strip()


def _decoded(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text, altchars=b"-_" if set(text) & set("-_") else None, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PersonalDataError(f"{where} is not base64", "give 32 random bytes in base64.") from error
