"""The URL of a request for speech (contract sections 7.1 to 7.3)."""

import pytest

from turnwise.errors import BadQuery, BadRequest
from turnwise.settings import Container, SpeechFormat, SpokenEncoding
from turnwise.wire.speak_query import FORMATS, Edition, on_step, parse

V1, V2 = Edition.FIRST, Edition.SECOND


def form(query: str, edition: Edition = V1, streamed: bool = False) -> SpeechFormat:
    return parse(query, edition, streamed=streamed).form


def test_nothing_said_is_the_documented_defaults() -> None:
    asked = parse("", V1, streamed=True)
    assert (asked.model, asked.speed) == ("aura-asteria-en", 1.0)
    assert asked.form == SpeechFormat(SpokenEncoding.LINEAR16, Container.NONE, 24_000)
    assert form("") == SpeechFormat(SpokenEncoding.MP3, Container.NONE, 22_050, 48_000)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("encoding=linear16", (Container.WAV, 24_000, None)),
        ("encoding=linear16&container=none&sample_rate=48000", (Container.NONE, 48_000, None)),
        ("encoding=mulaw", (Container.WAV, 8_000, None)),
        ("encoding=alaw&sample_rate=16000", (Container.WAV, 16_000, None)),
        ("encoding=mp3&bit_rate=32000", (Container.NONE, 22_050, 32_000)),
        ("encoding=opus", (Container.OGG, 48_000, 12_000)),
        ("encoding=opus&container=ogg&bit_rate=650000", (Container.OGG, 48_000, 650_000)),
        ("encoding=flac&sample_rate=8000", (Container.NONE, 8_000, None)),
        ("encoding=aac", (Container.NONE, 22_050, 48_000)),
    ],
)
def test_every_documented_format_is_understood(
    query: str, expected: tuple[Container, int, int | None]
) -> None:
    found = form(query)
    assert (found.container, found.sample_rate_hz, found.bit_rate) == expected


@pytest.mark.parametrize(
    "query",
    [
        "encoding=wma",
        "encoding=linear16&sample_rate=11025",
        "encoding=linear16&sample_rate=44100",
        "encoding=linear16&bit_rate=48000",
        "encoding=linear16&container=ogg",
        "encoding=mulaw&sample_rate=24000",
        "encoding=mp3&sample_rate=24000",
        "encoding=mp3&bit_rate=64000",
        "encoding=mp3&container=wav",
        "encoding=opus&bit_rate=3999",
        "encoding=opus&container=none",
        "encoding=flac&sample_rate=44100",
        "encoding=aac&bit_rate=192001",
        "encoding=aac&sample_rate=nan",
    ],
)
def test_every_other_format_is_refused_in_the_documented_words(query: str) -> None:
    with pytest.raises(BadQuery, match=r"^Unsupported audio format: "):
        form(query)


@pytest.mark.parametrize("encoding", ["mp3", "opus", "flac", "aac"])
def test_a_stream_carries_raw_audio_only(encoding: str) -> None:
    with pytest.raises(BadQuery, match="linear16, mulaw, alaw"):
        form(f"encoding={encoding}", streamed=True)


def test_a_stream_has_no_container_and_may_say_so() -> None:
    asked = form("encoding=mulaw&container=none", streamed=True)
    assert (asked.container, asked.sample_rate_hz) == (Container.NONE, 8_000)
    with pytest.raises(BadQuery, match="container must be none"):
        form("container=wav", streamed=True)


def test_the_second_edition_has_one_more_rate() -> None:
    query = "model=flux-kit-en&encoding=linear16&sample_rate=44100"
    assert form(query, V2, streamed=True).sample_rate_hz == 44_100


def test_the_second_edition_needs_a_model_of_its_own() -> None:
    with pytest.raises(BadQuery, match="missing field `model`"):
        parse("", V2, streamed=True)
    with pytest.raises(BadRequest, match="Aura models are served on /v1/speak"):
        parse("model=aura-2-phoebe-en", V2, streamed=True)


@pytest.mark.parametrize(
    ("edition", "speed", "well"),
    [
        (V1, "0.7", True),
        (V1, "1.5", True),
        (V1, "1.01", True),
        (V1, "0.69", False),
        (V1, "1.51", False),
        (V2, "0.5", True),
        (V2, "1.35", True),
        (V2, "1.01", False),
        (V2, "0.45", False),
        (V2, "fast", False),
    ],
)
def test_each_edition_has_its_range_of_speed(edition: Edition, speed: str, well: bool) -> None:
    query = f"model=flux-kit-en&speed={speed}"
    if well:
        assert parse(query, edition, streamed=True).speed == float(speed)
    else:
        with pytest.raises(BadQuery, match="speed"):
            parse(query, edition, streamed=True)


def test_every_step_of_speed_is_on_the_grid() -> None:
    assert all(on_step(round(0.05 * step, 2)) for step in range(10, 31))


@pytest.mark.parametrize(
    ("query", "edition", "streamed"),
    [
        ("voice=phoebe", V1, True),
        ("bit_rate=48000", V1, True),
        ("expressivity=1", V1, True),
        ("model=flux-kit-en&keyterm=x", V2, True),
        ("model=a&model=b", V1, True),
        ("callback=http://x", V1, False),
        ("mip_opt_out=maybe", V1, True),
        ("model=flux-kit-en&expressivity=3", V2, True),
    ],
)
def test_what_is_unknown_doubled_or_not_supported_is_refused(
    query: str, edition: Edition, streamed: bool
) -> None:
    with pytest.raises(BadQuery):
        parse(query, edition, streamed=streamed)


def test_what_changes_nothing_is_taken() -> None:
    query = "model=flux-kit-en&expressivity=-2&mip_opt_out=True&tag=a&tag=b"
    assert parse(query, V2, streamed=True).tags == ("a", "b")
    assert parse(f"{query}&priority=low&callback_method=PUT", V2, streamed=False)


def test_every_encoding_is_in_the_table() -> None:
    assert set(FORMATS) == set(SpokenEncoding)
