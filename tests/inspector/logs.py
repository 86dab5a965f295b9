"""Logs to read: written as the command line and the playground write them."""

import json
from typing import Any

HEAD = {
    "turnwise_log": 1,
    "program": "turnwise 0.1.0",
    "url": "/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000"
    "&eager_eot_threshold=0.4",
    "audio": {"name": "call.wav", "duration_s": 12.5},
}


def turn_info(event: str, end_s: float, *words: tuple[str, float, float], **more: Any) -> Any:
    """Return a message.

    Args:
        words: Text, confidence, end in seconds; each lasts 0.2 s.
    """
    spoken = [
        {"word": word, "confidence": sure, "start": until_s - 0.2, "end": until_s}
        for word, sure, until_s in words
    ]
    return {
        "type": "TurnInfo",
        "request_id": "id",
        "sequence_id": 1,
        "event": event,
        "turn_index": 0,
        "audio_window_start": 0.0,
        "audio_window_end": end_s,
        "transcript": " ".join(word for word, _, _ in words),
        "words": spoken,
        "end_of_turn_confidence": 0.5,
        **more,
    }


HELLO = ("Hello", 0.95, 1.0)
THERE = ("<there>", 0.65, 1.5)
MESSAGES = (
    {"type": "Connected", "request_id": "id", "sequence_id": 0},
    turn_info("Update", 0.24, end_of_turn_confidence=0.0),
    turn_info("StartOfTurn", 0.96, HELLO),
    turn_info("EagerEndOfTurn", 1.2, HELLO),
    turn_info("TurnResumed", 1.28, HELLO, THERE),
    turn_info("EagerEndOfTurn", 1.76, HELLO, THERE),
    turn_info("EndOfTurn", 2.0, HELLO, THERE, trigger="model"),
    {"type": "Reconnected", "count": 1, "resent_s": 0.5, "lost_s": 0.0},
    {
        "type": "ConfigureSuccess",
        "request_id": "id",
        "sequence_id": 8,
        "thresholds": {"eot_threshold": 0.8, "eot_timeout_ms": 5000},
        "keyterms": [],
    },
    turn_info("StartOfTurn", 10.96, ("Bye", 0.85, 10.9), turn_index=1),
)


def text(*messages: Any, head: Any = HEAD) -> str:
    """Return a log: each message came when 0.1 s more audio was sent than it tells of."""
    lines = [head]
    sent_s = 0.0
    for message in messages:
        sent_s = max(sent_s, message.get("audio_window_end", 0.0) + 0.1)
        lines.append({"sent_s": sent_s, "clock_s": sent_s, "message": message})
    return "".join(json.dumps(line) + "\n" for line in lines)
