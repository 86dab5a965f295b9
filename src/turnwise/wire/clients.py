"""Released clients that need the wire as it was: told by the headers they send (contract 9.1)."""

import re
from collections.abc import Mapping

from turnwise.errors import NO_STATUS

NORMAL_CLOSURE = 1000

PYTHON_WITH_ROOM_FOR_FIELDS = (5, 3, 4)
"""The first deepgram-sdk 5 that survives TurnInfo fields it does not know."""
JAVASCRIPT_THAT_STAYS_CLOSED = (5, 12, 0)
"""The first @deepgram/sdk that does not open a new connection after a close without status."""

_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
_JAVASCRIPT = re.compile(r"@deepgram/sdk/(\S+)")


def legacy(headers: Mapping[str, str]) -> bool:
    """Whether this is a Python SDK that knows only the first edition of the messages.

    Args:
        headers: Names in any case.
    """
    lower = _lower(headers)
    if lower.get("x-fern-sdk-name") != "deepgram":  # from 6.0.0 on it is `deepgram-sdk`
        return False
    return _is_below(lower.get("x-fern-sdk-version", ""), PYTHON_WITH_ROOM_FOR_FIELDS)


def close_code_for(headers: Mapping[str, str]) -> int:
    """Return how to close this client's stream: without a status, or with 1000 (contract 14.2).

    Args:
        headers: Names in any case.
    """
    lower = _lower(headers)
    agent = _JAVASCRIPT.search(lower.get("user-agent", ""))
    if agent is not None:
        version = agent[1]
    elif lower.get("x-fern-sdk-name") == "@deepgram/sdk":
        version = lower.get("x-fern-sdk-version", "")
    else:
        return NO_STATUS
    return NORMAL_CLOSURE if _is_below(version, JAVASCRIPT_THAT_STAYS_CLOSED) else NO_STATUS


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value.strip() for name, value in headers.items()}


def _is_below(version: str, limit: tuple[int, int, int]) -> bool:
    """Compare the first three numbers; what is no version is not below any."""
    numbers = _VERSION.match(version)
    return numbers is not None and tuple(map(int, numbers.groups())) < limit
