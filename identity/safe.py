"""The safe: pictures of documents are sealed with a key that is in no table, each bound to its own request."""

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity.requests import IdentityPicture

_PURPOSE = b"cauri identity documents"
_KEY_BYTES = 32
_NONCE_BYTES = 12
# What a sealed picture begins with, so that another way of sealing can be told from this one.
_FORM = b"\x01"
_AT_ONCE = 20


class Unopenable(Exception):
    """Sealed with a key that we do not have, or for another request, or damaged."""


class Safe:
    """Seals and opens; `previous` is the key before this one, still read while everything is sealed again."""

    def __init__(self, key: str, previous: str = "") -> None:
        """`key` is any long random word. Without one nothing is taken in: `is_there` says so."""
        self._keys = [AESGCM(_derived(each)) for each in (key, previous) if each]
        self.is_there = bool(key)

    def close(self, content: bytes, request_id: UUID) -> bytes:
        """The picture as it may lie in the database. Raises ValueError where there is no key."""
        if not self.is_there:
            raise ValueError("DOCUMENTS_KEY is not set")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _FORM + nonce + self._keys[0].encrypt(nonce, content, request_id.bytes)

    def open(self, sealed: bytes, request_id: UUID) -> bytes:
        """The picture again; raises Unopenable."""
        form, nonce, content = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        for key in self._keys if form == _FORM else []:
            try:
                return key.decrypt(nonce, content, request_id.bytes)
            except InvalidTag:
                continue
        raise Unopenable(str(request_id))


async def seal_again(session: AsyncSession, safe: Safe, after: UUID | None = None) -> UUID | None:
    """Seal some pictures with the current key; gives where to go on, None at the end. Raises Unopenable."""
    some = select(IdentityPicture).order_by(IdentityPicture.request_id).limit(_AT_ONCE).with_for_update()
    if after is not None:
        some = some.where(IdentityPicture.request_id > after)
    pictures = list(await session.scalars(some))
    for picture in pictures:
        picture.sealed = safe.close(safe.open(picture.sealed, picture.request_id), picture.request_id)
    await session.flush()
    return pictures[-1].request_id if pictures else None


def _derived(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE).derive(key.encode())
