"""Golden conversations: text that anyone can read, write and review.

    connect  eager_eot_threshold=0.4          the URL's parameters
    hear 0.32 "I'd like a table" end=0.05     what the engine believes from here on; frames
                                              up to that time hold what was believed before
    hear 0.64 "..." end=0.30 voice=0.48       the last voice was heard at 0.48 s; without it,
                                              voice goes on as long as the words change, and
                                              is gone for 160 ms where the end is likely
    send {"type": "ForceEndTurn"}             what the client says
    stall 5000                                no audio has come for so many milliseconds
    # a comment

The indented lines are everything the server then says.
"""

import json
import shlex
from pathlib import Path

from tests.talk import belief, frames, words
from turnwise.engine.interface import Hypothesis
from turnwise.listener import Listener
from turnwise.settings import SAMPLE_RATES_HZ
from turnwise.turn.policy import transcript
from turnwise.units import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples
from turnwise.wire.query import parse

REQUEST_ID = "01a059ba-1583-7360-917e-c766366a6787"
FRAME_BYTES = b"\0\0" * FRAME_SAMPLES
INDENT = "    "

assert SAMPLE_RATE_HZ in SAMPLE_RATES_HZ


class Conversation:
    """One stream, told what to hear line by line."""

    def __init__(self) -> None:
        self._listener: Listener | None = None
        self._heard = 0  # frames
        self._believed = Hypothesis(Samples(0), (), 0.0, None)
        self._closed = False

    def obey(self, line: str) -> list[str]:
        """Do what a line says; return what the server then says, rendered."""
        command, _, rest = line.partition(" ")
        match command:
            case "connect":
                self._connect(rest.split())
            case "hear":
                self._hear(rest)
            case "send":
                self._open.receive_text(rest.strip())
                assert list(self._open.hearings()) == []
            case "stall":
                self._open.receive_stall(int(rest))
            case _:
                raise ValueError(f"a line starts with connect, hear, send or stall: {line!r}")
        return self._said()

    @property
    def _open(self) -> Listener:
        assert self._listener is not None, "the first line connects"
        return self._listener

    def _connect(self, parameters: list[str]) -> None:
        given = {"model": "flux-general-en", "encoding": "linear16", "sample_rate": "16000"}
        given |= dict(parameter.split("=", 1) for parameter in parameters)
        query = "&".join(f"{name}={value}" for name, value in given.items())
        self._listener = Listener(parse(query), REQUEST_ID)

    def _hear(self, rest: str) -> None:
        at, text, *options = shlex.split(rest)
        given = dict(option.split("=", 1) for option in options)
        until = round(float(at) * SAMPLE_RATE_HZ / FRAME_SAMPLES)
        end = float(given.get("end", 0.0))
        changed = text != transcript(self._believed)
        voice = self._believed.voice_until
        if "voice" in given:
            voice = frames(round(float(given["voice"]) * SAMPLE_RATE_HZ / FRAME_SAMPLES))
        elif changed and text:
            voice = belief(until, text, end).voice_until
        said = words(text, until=(voice or Samples(0)) // FRAME_SAMPLES)
        for count in range(self._heard + 1, until + 1):
            if count == until:
                self._believed = Hypothesis(frames(count), said, end, voice)
            self._open.receive_audio(FRAME_BYTES)
            for hearing in self._open.hearings():
                if hearing.new_turn and count < until:
                    self._believed = Hypothesis(frames(count), (), 0.0, None)
                held = self._believed
                self._open.receive_hypothesis(
                    Hypothesis(frames(count), held.words, held.end_of_turn, held.voice_until)
                )
        self._heard = until

    def _said(self) -> list[str]:
        lines = [INDENT + render(text) for text in self._open.messages_to_send()]
        if self._open.close_due is not None and not self._closed:
            self._closed = True
            lines.append(f"{INDENT}closes {self._open.close_due}")
        return lines


def render(text: str) -> str:
    """Write a server message on a line, without what is the same in all of them."""
    message = json.loads(text)
    kind = message.pop("type")
    message.pop("request_id", None)
    message.pop("sequence_id")
    if kind != "TurnInfo":
        return kind if not message else f"{kind} {json.dumps(message)}"
    window = f"{message['audio_window_start']:.2f}-{message['audio_window_end']:.2f}"
    line = (
        f"{message['event']:<15} turn={message['turn_index']}  {window:<11} "
        f'"{message["transcript"]}"  {message["end_of_turn_confidence"]:.2f}'
    )
    for field in ("trigger", "languages", "languages_hinted"):
        if field in message:
            line += f"  {field}={message[field]}"
    return line


def play(path: Path) -> str:
    """Run a conversation; return its text with what the server really said."""
    conversation = Conversation()
    lines: list[str] = []
    for line in path.read_text().splitlines():
        if line.startswith(INDENT):
            continue
        lines.append(line)
        if line and not line.startswith("#"):
            lines += conversation.obey(line)
    return "\n".join(lines) + "\n"
