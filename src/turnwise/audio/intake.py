"""Bytes that wait until enough of them have come."""


class Intake:
    """What a parser has received and not yet understood.

    It never holds more than the parser has asked for at once, plus one piece.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._to_skip_bytes = 0  # still to come and to be dropped; then nothing is held

    def add(self, piece: bytes) -> None:
        skipped = min(self._to_skip_bytes, len(piece))
        self._to_skip_bytes -= skipped
        self._bytes += piece[skipped:]

    def peek(self, size_bytes_max: int) -> bytes:
        """Return as many of the next bytes as are here, and keep them."""
        return bytes(self._bytes[:size_bytes_max])

    def look(self, size_bytes: int) -> bytes | None:
        """Return the next bytes and keep them; None if they are not all here."""
        if self._to_skip_bytes or len(self._bytes) < size_bytes:
            return None
        return bytes(self._bytes[:size_bytes])

    def take(self, size_bytes: int) -> bytes | None:
        """Return the next bytes, once; None if they are not all here."""
        taken = self.look(size_bytes)
        if taken is not None:
            del self._bytes[:size_bytes]
        return taken

    def take_all(self) -> bytes:
        """Return everything that is here."""
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken

    def skip(self, size_bytes: int) -> None:
        """Drop the next bytes, whether they are here or still to come."""
        here = min(size_bytes, len(self._bytes))
        del self._bytes[:here]
        self._to_skip_bytes += size_bytes - here

    def __len__(self) -> int:
        """Return how many bytes are held."""
        return len(self._bytes)
