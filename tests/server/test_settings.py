"""The server's options: what will not do, and what nobody gets to see."""

import pytest

from turnwise.server.settings import ServerSettings, is_loopback


@pytest.mark.parametrize(
    "settings",
    [
        ServerSettings(),
        ServerSettings(host="localhost", port=0),
        ServerSettings(host="::1"),
        ServerSettings(host="0.0.0.0", api_keys=("k",)),
        ServerSettings(token_secret="sixteen letters."),
    ],
)
def test_settings_that_will_do(settings: ServerSettings) -> None:
    assert settings.problem() is None


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        (ServerSettings(host="0.0.0.0"), "API keys"),
        (ServerSettings(host="::"), "API keys"),
        (ServerSettings(host="example.org"), "API keys"),
        (ServerSettings(api_keys=("k", "")), "empty"),
        (ServerSettings(token_secret="short"), "secret"),
        (ServerSettings(port=65_536), "port"),
        (ServerSettings(streams_max=0), "streams_max"),
    ],
)
def test_settings_that_will_not_do_say_what_is_wrong(settings: ServerSettings, word: str) -> None:
    assert word in (settings.problem() or "")


def test_printed_settings_show_no_secret() -> None:
    shown = repr(ServerSettings(api_keys=("my key",), token_secret="my secret of tokens"))
    assert "my key" not in shown
    assert "my secret" not in shown


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("10.0.0.1", False), ("", False)],
)
def test_only_loopback_counts_as_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
