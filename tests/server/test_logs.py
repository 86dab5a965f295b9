"""Two lines a stream, as text or JSON, and nothing in them that was said or is secret."""

import json
import logging
import sys

import pytest

from tests.server.running import QUERY, connect, converse, dial, fetch, running
from turnwise.server.logs import JsonFormatter, TextFormatter, configure

KEY = "a-key-that-is-secret"


def record(**values: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "turnwise.server", "levelname": "INFO", "msg": "opened"})
    made.__dict__.update(values)
    return made


def test_a_line_of_text_has_the_values_behind_the_message() -> None:
    line = TextFormatter().format(record(streams=3, why="closed"))
    assert line.endswith("INFO    turnwise.server: opened streams=3 why=closed")
    assert "\n" not in line


def test_a_line_of_json_is_one_object() -> None:
    fields = json.loads(JsonFormatter().format(record(streams=3)))
    assert fields.pop("time")
    assert fields == {
        "level": "INFO", "logger": "turnwise.server", "message": "opened", "streams": 3,
    }  # fmt: skip


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_bug_is_logged_with_its_trace(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        line = formatter.format(record(exc_info=sys.exc_info()))
    assert "ValueError: broken" in line


def test_logs_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure(as_json=True)
    logging.getLogger("turnwise.test").info("here", extra={"n": 1})
    captured = capsys.readouterr()
    assert json.loads(captured.err)["n"] == 1
    assert captured.out == ""


async def test_a_stream_is_two_lines_without_words_keyterms_or_keys(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = (KEY, "Rumpelstiltskin", "keyterm=", "Hi there", "transcript")
    async with running(api_keys=(KEY,), token_secret="a-secret-of-tokens") as server:
        path = f"/v2/listen?{QUERY}&keyterm=Rumpelstiltskin"
        client = await connect(server.port, path, authorization=f"Token {KEY}")
        assert len(await converse(client, 40)) > 10
        await dial(server.port, path, {"authorization": "Token wrong-and-secret"})
        await dial(server.port, f"{path}&channels=Rumpelstiltskin")
        await fetch(server.port, f"GET /nowhere?keyterm={KEY}")
        await server.settled()
    assert not [r for r in caplog.records if r.levelno > logging.INFO]
    ours = [r for r in caplog.records if r.getMessage().startswith("stream ")]
    assert [r.getMessage() for r in ours] == [
        "stream opened", "stream closed", "stream refused", "stream refused",
    ]  # fmt: skip
    everything = "\n".join(TextFormatter().format(r) for r in caplog.records)
    assert not [
        word for word in (*secrets, "wrong-and-secret", "a-secret-of") if word in everything
    ]
    closed = ours[1].__dict__
    assert (closed["heard_s"], closed["why"]) == (3.2, "closed with 1005")
