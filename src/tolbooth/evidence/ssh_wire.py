"""SSH's wire format: every string after its length, read with nothing missing and nothing left over.

Format: RFC 4251 §5, https://www.rfc-editor.org/rfc/rfc4251#section-5
"""

from __future__ import annotations

_UINT32_BYTES = 4


class SshRefusal(Exception):  # noqa: N818 (the readers of keys and signatures turn it into a VerificationError)
    """Why SSH bytes were refused: a code of the family ``sshsig``, a sentence, and what to do."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class Reader:
    """Reads fields from the front of ``content``; ``code`` is how a misfit is refused."""

    def __init__(self, content: bytes, *, code: str) -> None:
        self._rest = content
        self._code = code

    def take(self, size_bytes: int) -> bytes:
        """The next ``size_bytes`` bytes."""
        if len(self._rest) < size_bytes:
            raise SshRefusal(self._code, "it ends in the middle of a field")
        taken, self._rest = self._rest[:size_bytes], self._rest[size_bytes:]
        return taken

    def uint32(self) -> int:
        """A number from 0 to 2^32 - 1."""
        return int.from_bytes(self.take(_UINT32_BYTES))

    def string(self) -> bytes:
        """The bytes after their length."""
        return self.take(self.uint32())

    def number(self) -> int:
        """A positive ``mpint`` in its one canonical form: no needless zero in front."""
        content = self.string()
        value = int.from_bytes(content, signed=True)
        if value <= 0 or content != _two_complement(value):
            raise SshRefusal(self._code, "a number is not written in its canonical form")
        return value

    def finish(self) -> None:
        """Nothing is left."""
        if self._rest:
            raise SshRefusal(self._code, f"{len(self._rest)} bytes too many at the end")


def uint32(value: int) -> bytes:
    """A number from 0 to 2^32 - 1 as four bytes, most significant first."""
    return value.to_bytes(_UINT32_BYTES)


def string(content: bytes) -> bytes:
    """``content`` after its length."""
    return uint32(len(content)) + content


def mpint(value: int) -> bytes:
    """A positive integer as SSH writes it: two's complement in as few bytes as it needs, after their length."""
    return string(_two_complement(value))


def _two_complement(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, signed=True)
