"""Who may connect: API keys, and the temporary tokens they can be traded for."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import jwt

from turnwise.errors import BadCredentials, Forbidden
from turnwise.wire.auth import Credentials

ALGORITHM = "HS256"
ISSUER = "turnwise"
INVALID = "Invalid credentials."  # contract section 1.5


class Keys:
    """Holds digests, not the keys.

    Args:
        api_keys: None at all: everybody is let in.
        token_secret: Shared by every server that is to honour the same tokens; None: random.
    """

    def __init__(self, api_keys: Sequence[str], token_secret: str | None = None) -> None:
        self._digests = [_digest(key) for key in api_keys]
        self._secret = _digest(token_secret or secrets.token_hex(32))

    def check(self, credentials: Credentials) -> None:
        """Let a stream in, by key or by token.

        Raises:
            BadCredentials: Unknown key, expired token, a key where a token belongs, none.
        """
        if not self._digests:
            return
        if credentials.secret is None:
            raise BadCredentials(INVALID)
        if credentials.scheme == "bearer":
            self._check_token(credentials.secret)
        elif not self._knows(credentials.secret):
            raise BadCredentials(INVALID)

    def check_key(self, credentials: Credentials) -> str:
        """Let in who holds an API key, not just a token; return the key's name.

        Raises:
            BadCredentials: Neither a key nor a token.
            Forbidden: A token, which opens streams and nothing else.
        """
        self.check(credentials)
        if credentials.scheme == "bearer":
            raise Forbidden("Insufficient permissions.")  # contract section 1.6
        return name_of(credentials.secret or "")

    def issue(self, ttl_s: int) -> str:
        """Return a token that opens streams for so many seconds."""
        now = datetime.now(UTC)
        expiry = now + timedelta(seconds=ttl_s)
        claims = {"iss": ISSUER, "iat": now, "exp": expiry, "jti": secrets.token_hex(8)}
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def _knows(self, key: str) -> bool:
        """Compare with every key, so that the time taken tells nothing."""
        digest = _digest(key)
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(matches)

    def _check_token(self, token: str) -> None:
        try:
            jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={"require": ["exp", "iat", "iss"]},
            )
        except jwt.InvalidTokenError:
            raise BadCredentials(INVALID) from None


def name_of(key: str) -> str:
    """Name a key without revealing it."""
    return _digest(f"name of {key}").hex()[:16]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
