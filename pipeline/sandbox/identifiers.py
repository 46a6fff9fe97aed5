"""Identifiers as KoBo shapes them, derived from what they name and never from chance.

The same study gives the same ids on every machine and in every run, so that a second pull
finds nothing new; a changed questionnaire gives another version id, so that no reader takes
new answers for old ones.
"""

import hashlib
import uuid
from functools import lru_cache

# Base 57: letters and digits without those that are mistaken for one another on paper.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
UID_LENGTH = 22


@lru_cache(maxsize=10_000)  # a history names the same account in every line
def derive(prefix: str, *parts: object, length: int = UID_LENGTH) -> str:
    """Identifier of `length` characters that starts with `prefix`, from the hash of `parts`."""
    number = int.from_bytes(_digest(parts), "big")
    letters = []
    for _ in range(length - len(prefix)):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return prefix + "".join(letters)


def derive_uuid(*parts: object) -> str:
    """Version 4 UUID, with its dashes, from the hash of `parts`."""
    return str(uuid.UUID(bytes=_digest(parts)[:16], version=4))


def asset_uid(study_id: str, form_id: str) -> str:
    """Asset id under which the sandbox serves form `form_id` of a study: 22 characters, `a…`."""
    return derive("a", "asset", study_id, form_id)


class Identifiers:
    """A never-ending, reproducible supply of ids for what is made while the sandbox runs."""

    def __init__(self, seed: str = "sandbox") -> None:
        self.seed = seed
        self._count = 0

    def uid(self, prefix: str) -> str:
        """Next id with `prefix`: `a` asset, `v` version, `i` import, `af` file, `att` media."""
        self._count += 1
        length = UID_LENGTH - 1 + len(prefix)
        return derive(prefix, self.seed, self._count, length=length)

    def uuid(self) -> str:
        """Next UUID with dashes."""
        self._count += 1
        return derive_uuid(self.seed, self._count)


def _digest(parts: tuple[object, ...]) -> bytes:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
