"""API keys and the tokens they are traded for (contract sections 1.3 and 1.6)."""

import pytest

from turnwise.errors import BadCredentials, Forbidden
from turnwise.server.keys import Keys
from turnwise.wire.auth import Credentials

KEYS = ("first key", "second key")


def test_every_key_opens_and_no_other() -> None:
    keys = Keys(KEYS)
    for key in KEYS:
        keys.check(Credentials("token", key))
    for wrong in ("", "first", "first key ", "FIRST KEY", "third key", "fïrst key"):
        with pytest.raises(BadCredentials):
            keys.check(Credentials("token", wrong))


def test_without_keys_everybody_is_let_in() -> None:
    Keys(()).check(Credentials())
    Keys(()).check(Credentials("bearer", "whatever"))


def test_a_token_opens_where_the_secret_is_shared_and_nowhere_else() -> None:
    """So that a fleet honours the tokens of each of its servers."""
    issued = Credentials("bearer", Keys(KEYS, "shared secret 1").issue(30))
    Keys(("another key",), "shared secret 1").check(issued)
    for keys in (Keys(KEYS, "shared secret 2"), Keys(KEYS)):
        with pytest.raises(BadCredentials):
            keys.check(issued)


def test_an_expired_token_is_refused() -> None:
    keys = Keys(KEYS)
    keys.check(Credentials("bearer", keys.issue(30)))
    with pytest.raises(BadCredentials):
        keys.check(Credentials("bearer", keys.issue(-1)))


def test_a_token_opens_streams_and_nothing_else() -> None:
    keys = Keys(KEYS)
    with pytest.raises(Forbidden, match="Insufficient permissions"):
        keys.check_key(Credentials("bearer", keys.issue(30)))
    with pytest.raises(BadCredentials):
        keys.check_key(Credentials())


def test_a_keys_name_tells_keys_apart_and_does_not_reveal_them() -> None:
    keys = Keys(KEYS)
    names = [keys.check_key(Credentials("token", key)) for key in KEYS]
    assert len(set(names)) == 2
    assert not any(key in name for key in KEYS for name in names)
    assert names[0] == Keys(KEYS).check_key(Credentials("token", KEYS[0]))


def test_nothing_shows_a_key() -> None:
    keys = Keys(KEYS)
    assert not any(key in str(vars(keys)) for key in KEYS)
