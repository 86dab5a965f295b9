"""Who the client says it is: the Authorization header and Sec-WebSocket-Protocol (contract 1.3).

Whether the secret is any good is not decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Scheme = Literal["token", "bearer"]
SCHEMES: dict[str, Scheme] = {"token": "token", "bearer": "bearer"}


@dataclass(frozen=True, slots=True)
class Credentials:
    scheme: Scheme | None = None
    """`token` goes with an API key, `bearer` with a temporary token; None: no credentials."""
    secret: str | None = field(default=None, repr=False)
    subprotocol_to_echo: str | None = None
    """What the handshake's answer must select, spelled as offered; None: no such header."""


def credentials(authorization: str | None, subprotocols: Sequence[str]) -> Credentials:
    """Read both places a client may present itself.

    The header wins if it names a scheme we know; any other, such as a proxy's `Basic`, is
    passed over. The scheme word is echoed whenever it was offered, even if the header won
    or no secret followed it: a browser drops a connection that selects none.

    Args:
        authorization: The header's value, or None.
        subprotocols: The offered entries, in order, whether or not split at commas.
    """
    offered = [entry.strip() for value in subprotocols for entry in value.split(",")]
    scheme, secret = _from_header(authorization or "")
    echo = None
    for index, entry in enumerate(offered):
        known = SCHEMES.get(entry.lower())
        if known is not None:
            echo = entry
            if secret is None:
                secret = next(iter(offered[index + 1 :]), "") or None
                scheme = known if secret else None
            break
    return Credentials(scheme, secret, echo)


def _from_header(authorization: str) -> tuple[Scheme | None, str | None]:
    word, _, rest = authorization.strip().partition(" ")
    scheme, secret = SCHEMES.get(word.lower()), rest.strip()
    return (scheme, secret) if scheme and secret else (None, None)
