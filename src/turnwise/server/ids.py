"""Request ids: UUIDs of version 7, as the wire's own are (contract section 1.4)."""

import os
import time
import uuid


def uuid7() -> str:
    """Return a new id: 48 bits of milliseconds since 1970, then random ones (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return str(uuid.UUID(int=value))
