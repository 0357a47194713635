"""A file that is encrypted in pieces, so that no backup has to fit into memory.

Each piece is sealed with AES-256-GCM under a key made from EVABC_BACKUP_KEY and this file's own salt.
Its nonce is its number; the last piece is marked as the last. So pieces can be neither changed, nor
swapped, nor cut off without notice.
"""

import io
import os
import struct
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"EVABC-BACKUP-1\n"
SALT, PIECE = 16, 1_000_000  # bytes
_LENGTH = struct.Struct(">I")
_LAST, _MORE = b"last", b"more"


class NotReadable(Exception):
    """The file is no backup, or not of this key, or damaged; the message says which."""


class Sealed(io.RawIOBase):
    """Writes what it is given to `file`, sealed. Close it: without its last piece a file is damaged."""

    def __init__(self, file: BinaryIO, key: str) -> None:
        salt = os.urandom(SALT)
        file.write(MAGIC + salt)
        self._file, self._cipher = file, _cipher(key, salt)
        self._waiting, self._number = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:  # type: ignore[no-untyped-def]  # any buffer of bytes
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._seal(_MORE)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._seal(_LAST)
        super().close()

    def _seal(self, mark: bytes) -> None:
        piece, self._waiting = bytes(self._waiting[:PIECE]), self._waiting[PIECE:]
        sealed = self._cipher.encrypt(_nonce(self._number), piece, mark)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


class Unsealed(io.RawIOBase):
    """Reads what `Sealed` wrote; NotReadable when anything about it is not as written."""

    def __init__(self, file: BinaryIO, key: str) -> None:
        if file.read(len(MAGIC)) != MAGIC:
            raise NotReadable("This file is no backup of the portal.")
        self._file, self._cipher = file, _cipher(key, file.read(SALT))
        self._ready, self._number, self._is_over = b"", 0, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        while not self._ready and not self._is_over:
            self._unseal()
        given = self._ready[: len(buffer)]
        buffer[: len(given)] = given
        self._ready = self._ready[len(given) :]
        return len(given)

    def _unseal(self) -> None:
        length = self._file.read(_LENGTH.size)
        sealed = self._file.read(_LENGTH.unpack(length)[0]) if len(length) == _LENGTH.size else b""
        for mark in (_MORE, _LAST):
            try:
                self._ready = self._cipher.decrypt(_nonce(self._number), sealed, mark)
            except InvalidTag:
                continue
            self._is_over = mark == _LAST
            self._number += 1
            return
        raise NotReadable(
            "This backup cannot be opened with the key in EVABC_BACKUP_KEY."
            if self._number == 0
            else "This backup is damaged: it cannot be read to its end."
        )


def _cipher(key: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"evabc backup").derive(key.encode()))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
