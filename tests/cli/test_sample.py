"""The embedded engine hears the packaged conversation, from the file to the last line."""

import pytest

from tests.cli.printed import run
from turnwise.cli.doctor import check_engine
from turnwise.cli.sound import sample_words
from turnwise.cli.summary import bare, word_errors
from turnwise.samples.conversation import OGG

# Half a minute of speech is seconds of work for an idle machine, after as much compiling where
# nothing is compiled yet; on a busy one both may take ten times as long.
pytestmark = pytest.mark.timeout(600)


def test_the_sample_comes_out_turn_by_turn_and_nearly_word_by_word() -> None:
    done = run("transcribe", "--engine", "embedded", str(OGG))
    turns = [bare(line.split()[1:]) for line in done.output.splitlines()]
    words = [word for turn in turns for word in turn]
    assert done.exit_code == 0
    assert turns[0][-7:] == ["i", "would", "like", "to", "make", "a", "reservation"]
    assert len(turns) == pytest.approx(7, abs=1)
    assert word_errors(sample_words(), words) <= 12


def test_the_doctor_finds_the_engine_well() -> None:
    assert check_engine("embedded").well
