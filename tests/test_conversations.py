"""Every golden conversation is what the server says, word for word."""

from pathlib import Path

import pytest

from tests.golden import play

CONVERSATIONS = sorted((Path(__file__).parent / "conversations").glob("*.txt"))


@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: path.stem)
def test_a_conversation_goes_as_written(path: Path, request: pytest.FixtureRequest) -> None:
    said = play(path)
    if request.config.getoption("--bless"):
        path.write_text(said)
    assert said == path.read_text()


def test_there_are_conversations() -> None:
    assert len(CONVERSATIONS) >= 12
