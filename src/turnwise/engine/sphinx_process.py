"""The processes that recognise: one for each stream, forked from a nursery that decodes nothing.

PocketSphinx holds Python's global lock while it decodes, so threads would not do. The nursery
is a fresh interpreter (never a fork of the server, which has threads). It loads the models once
and forks itself for each stream, which takes milliseconds, shares the models' memory and
starts every stream from the very same state: nothing one stream has set can reach another.

    server ── control ──▶ nursery          B + a socket: bear a stream; E + id: end it
       │                     └─ fork ─▶ stream
       └──────── socket ─────────────────▶   Setup, then Heard for each Listen

Every process ends when its socket does, however the server went.
"""

import gc
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

import msgspec
import numpy as np

from turnwise.engine.interface import Hypothesis, Word
from turnwise.engine.sphinx_decoder import LiveDecoder
from turnwise.engine.sphinx_stream import SphinxStream
from turnwise.units import FRAME_SAMPLES, Frame, Samples

COMMAND = struct.Struct("<cq")
ANSWER = struct.Struct("<q")
BEAR, END, READY = b"B", b"E", 0
REPLY_BYTES_MAX = 16 << 20  # the words of a day-long turn fit


class Setup(msgspec.Struct, frozen=True):
    keyterms: list[str]


class Listen(msgspec.Struct, frozen=True):
    frame: bytes
    """float32[FRAME_SAMPLES]."""
    new_turn: bool = False
    keyterms: list[str] | None = None


class WireWord(msgspec.Struct, frozen=True, array_like=True):
    text: str
    confidence: float
    start: int
    end: int


class Heard(msgspec.Struct, frozen=True):
    """A Hypothesis, without the words that are as they were."""

    heard_until: int
    words_kept: int
    words_new: list[WireWord]
    end_of_turn: float
    voice_until: int | None


_encode = msgspec.msgpack.Encoder().encode
_decode_setup = msgspec.msgpack.Decoder(Setup).decode
_decode_listen = msgspec.msgpack.Decoder(Listen).decode
_decode_heard = msgspec.msgpack.Decoder(Heard).decode


def setup_message(keyterms: Sequence[str]) -> bytes:
    return _encode(Setup(list(keyterms)))


def listen_message(frame: Frame, new_turn: bool, keyterms: Sequence[str] | None) -> bytes:
    terms = None if keyterms is None else list(keyterms)
    return _encode(Listen(frame.astype(np.float32, copy=False).tobytes(), new_turn, terms))


def heard_message(before: tuple[Word, ...], hypothesis: Hypothesis) -> bytes:
    words, kept = hypothesis.words, 0
    while kept < min(len(before), len(words)) and before[kept] == words[kept]:
        kept += 1
    return _encode(
        Heard(
            heard_until=hypothesis.heard_until,
            words_kept=kept,
            words_new=[WireWord(w.text, w.confidence, w.start, w.end) for w in words[kept:]],
            end_of_turn=hypothesis.end_of_turn,
            voice_until=hypothesis.voice_until,
        )
    )


def read_heard(before: tuple[Word, ...], message: bytes) -> Hypothesis:
    """Undo heard_message.

    Raises:
        msgspec.DecodeError: It is not one.
    """
    heard = _decode_heard(message)
    new = (Word(w.text, w.confidence, Samples(w.start), Samples(w.end)) for w in heard.words_new)
    all_kept = heard.words_kept == len(before) and not heard.words_new
    return Hypothesis(
        heard_until=Samples(heard.heard_until),
        words=before if all_kept else (*before[: heard.words_kept], *new),
        end_of_turn=heard.end_of_turn,
        voice_until=None if heard.voice_until is None else Samples(heard.voice_until),
    )


def serve_stream(connection: Connection, decoder: LiveDecoder) -> None:
    """Answer the server's messages until it hangs up."""
    try:
        stream = SphinxStream(decoder, _decode_setup(connection.recv_bytes()).keyterms)
        words: tuple[Word, ...] = ()
        while True:
            listen = _decode_listen(connection.recv_bytes())
            frame = np.frombuffer(listen.frame, np.float32)
            assert len(frame) == FRAME_SAMPLES
            heard = stream.hear(frame, new_turn=listen.new_turn, keyterms=listen.keyterms)
            connection.send_bytes(heard_message(words, heard))
            words = heard.words
    except (EOFError, ConnectionError):
        return


def tend(control: socket.socket) -> None:
    """Bear and end streams as the server asks, until it hangs up."""
    decoder = LiveDecoder()
    gc.collect()
    gc.freeze()  # a collection in a stream would copy the shared pages
    control.sendall(ANSWER.pack(READY))
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, COMMAND.size, 1)
        if not message:
            return
        command, process_id = COMMAND.unpack(message)
        if command == BEAR:
            process_id = os.fork()
            if process_id == 0:
                control.close()
                serve_stream(Connection(descriptors[0]), decoder)
                os._exit(0)
            os.close(descriptors[0])
        else:
            assert command == END
            os.kill(process_id, signal.SIGKILL)  # it has nothing to tidy up
            os.waitpid(process_id, 0)
        control.sendall(ANSWER.pack(process_id))


def cores_usable() -> int:
    """Return how many cores this process may use, where the system tells."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def use_cores(count: int) -> None:
    """Keep this process and its children to so many cores, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def main() -> None:
    # The server decides when we end, by hanging up: a terminal's Ctrl-C or a service
    # manager's SIGTERM reaches us too, while it still drains.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    descriptor, cores = map(int, sys.argv[1:])
    use_cores(cores)
    tend(socket.socket(fileno=descriptor))


if __name__ == "__main__":
    main()
