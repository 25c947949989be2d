"""PINs as they are kept: Argon2id with a secret of the house, so that whoever reads the table cannot try them all."""

import asyncio
import os
from uuid import UUID

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

# OWASP's least for Argon2id: a twentieth of a second of one core.
_MEMORY_KIB = 19 * 1024
_ITERATIONS = 2
_LANES = 1
_SALT = 16
_LENGTH = 32
# Hashing must not take the cores from everybody who only wants to read their balance.
_AT_ONCE = 2


class Pins:
    """Hashes and compares PINs, apart from the loop that answers people.

    Ten thousand PINs are tried in minutes by whoever has the hash: they would need `secret` as well, which is in the
    environment and not in the database. A hash is worth nothing for another member.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, member_id: UUID, pin: str) -> str:
        """What is kept of a PIN."""
        async with self._places:
            return await asyncio.to_thread(self._hash, member_id, pin)

    async def is_right(self, member_id: UUID, pin: str, kept: str) -> bool:
        """Whether this is the PIN of which `kept` was kept."""
        async with self._places:
            return await asyncio.to_thread(self._is_right, member_id, pin, kept)

    def _hash(self, member_id: UUID, pin: str) -> str:
        argon = Argon2id(
            salt=os.urandom(_SALT), length=_LENGTH, iterations=_ITERATIONS, lanes=_LANES, memory_cost=_MEMORY_KIB,
            secret=self._secret or None,
        )  # fmt: skip
        return argon.derive_phc_encoded(_material(member_id, pin))

    def _is_right(self, member_id: UUID, pin: str, kept: str) -> bool:
        try:
            Argon2id.verify_phc_encoded(_material(member_id, pin), kept, secret=self._secret or None)
        except InvalidKey:
            return False
        return True


def _material(member_id: UUID, pin: str) -> bytes:
    return member_id.bytes + pin.encode()
