"""Sealing: what has to be read again but must not lie open in the database, encrypted with the installation's key."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class BrokenSealError(Exception):
    """Something was sealed with another key, or has been tampered with."""


class Sealer:
    """Seals and opens (Fernet: AES-128-CBC with HMAC-SHA-256) with a key derived from the installation's own (HKDF,
    RFC 5869), so that the key that signs tokens encrypts nothing.
    """

    def __init__(self, secret_key: str) -> None:
        derived = HKDF(hashes.SHA256(), length=32, salt=None, info=b"foodflow sealing").derive(secret_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, content: bytes) -> bytes:
        """Encrypt; the same content is sealed differently each time."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt; raises BrokenSealError when it was not sealed with this key or is not what was sealed."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise BrokenSealError("sealed with another key, or tampered with") from None
