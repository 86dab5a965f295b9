"""A session as rows of SVG, like a score: events, waveform, curve, words, seconds.

Colours are classes, so that a page may be light or dark; `LIGHT` and `DARK` are the palettes.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape

from turnwise.inspector.session import Moment, Session, Word

ROW_S = 10.0
PIXELS_PER_S = 100
LEFT, RIGHT = 34, 12  # room for the scale, and for the last second's number
WIDTH = LEFT + round(ROW_S * PIXELS_PER_S) + RIGHT
LANE = 13  # of events and of words, one line of text each
EVENTS = (
    "StartOfTurn",
    "EagerEndOfTurn",
    "TurnResumed",
    "EndOfTurn",
    "Reconnected",
    "Error",
)
EVENT_LANES = 4
WORD_LANES = 3
TOP = EVENT_LANES * LANE + 6  # of the curve
CURVE = 96
BOTTOM = TOP + CURVE
WORDS_TOP = BOTTOM + 14
HEIGHT = WORDS_TOP + WORD_LANES * LANE + 18
LETTER = 6.2  # width of a letter of 11 px, on average and generously
PEAK_S = 0.02
"""Of audio in one point of the waveform: two pixels."""
LOUDEST_MIN = 0.05  # a recording whose loudest sample is softer is silence, and looks like it

Peaks = Sequence[tuple[float, float]]
"""Lowest and highest sample, -1 to 1, of each PEAK_S; empty: there is no audio."""

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1c1f24",
    "soft": "#5b6470",
    "line": "#dcdfe4",
    "turn": "#eef4fa",
    "wave": "#b9c6d6",
    "curve": "#0b5fad",
    "start": "#0e6f86",
    "eager": "#8a5a00",
    "resumed": "#8b2fa0",
    "end": "#1d7a34",
    "warn": "#b3261e",
    "fairly": "#7a5b00",
    "unsure": "#a14400",
    "guess": "#b3261e",
}
DARK = {
    "paper": "#1b1e22",
    "ink": "#e7e9ec",
    "soft": "#9aa3af",
    "line": "#333941",
    "turn": "#222a33",
    "wave": "#44546a",
    "curve": "#7db8f0",
    "start": "#5fc7dd",
    "eager": "#e3b341",
    "resumed": "#d59ae6",
    "end": "#6fcf86",
    "warn": "#ff8a80",
    "fairly": "#e3c26a",
    "unsure": "#f0a35e",
    "guess": "#ff8a80",
}
CLASSES = {
    "StartOfTurn": "start",
    "EagerEndOfTurn": "eager",
    "TurnResumed": "resumed",
    "EndOfTurn": "end",
    "Reconnected": "warn",
    "Error": "warn",
}
SURENESS = ((0.9, "sure"), (0.8, "fairly"), (0.7, "unsure"), (0.0, "guess"))
"""The lowest confidence of each class of words, best first: the scale of the Flux quickstart."""


def sureness(confidence: float) -> str:
    return next(name for lowest, name in SURENESS if confidence >= lowest)


def rows(session: Session, peaks: Peaks, until_s: float) -> list[str]:
    """Return what is inside the <svg> of each row, WIDTH by HEIGHT pixels, up to a moment."""
    count = max(1, -int(-until_s // ROW_S))
    loudest = max((max(-low, high) for low, high in peaks), default=0.0)
    gain = 1 / max(loudest, LOUDEST_MIN)
    peaks = [(low * gain, high * gain) for low, high in peaks]
    return [_Row(session, peaks, number * ROW_S).drawn() for number in range(count)]


def style(colour: Callable[[str], str]) -> str:
    """Return the style sheet of the rows.

    Args:
        colour: How the colour with a name of LIGHT is written.
    """
    named = {name: colour(name) for name in LIGHT}
    sheet = [
        "text{font:11px system-ui,'DejaVu Sans','Liberation Sans',sans-serif}",
        f".ink,.sure{{fill:{named['ink']}}}",
        f".scale{{fill:{named['soft']};font-size:10px}}",
        f".grid{{stroke:{named['line']}}}",
        f".turn{{fill:{named['turn']}}}",
        f".wave{{fill:{named['wave']}}}",
        f".curve{{stroke:{named['curve']};stroke-width:2;fill:none}}",
    ]
    sheet += [
        f".{name}{{fill:{named[name]}}}.{name}-line{{stroke:{named[name]};fill:none}}"
        for name in ("start", "eager", "resumed", "end", "warn")
    ]
    sheet += [f".{name}{{fill:{named[name]}}}" for name in ("fairly", "unsure", "guess")]
    sheet += [".dashed{stroke-dasharray:6 4}"]
    return "".join(sheet)


class _Row:
    """Ten seconds of a session, from a moment on."""

    def __init__(self, session: Session, peaks: Peaks, from_s: float) -> None:
        self._session = session
        self._peaks = peaks
        self._from_s = from_s
        self._to_s = from_s + ROW_S

    def drawn(self) -> str:
        clip = f"row{self._from_s:.0f}"
        box = f'<rect x="{LEFT}" y="0" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT}"/>'
        return "".join(
            (
                f'<clipPath id="{clip}">{box}</clipPath>',
                f'<g clip-path="url(#{clip})">',
                *self._turns(),
                *self._waveform(),
                "</g>",
                *self._scales(),
                f'<g clip-path="url(#{clip})">',
                *self._thresholds(),
                *self._curve(),
                "</g>",
                *self._events(),
                *self._words(),
            )
        )

    def _x(self, at_s: float) -> str:
        return f"{LEFT + (at_s - self._from_s) * PIXELS_PER_S:.1f}"

    def _overlaps(self, start_s: float, end_s: float) -> bool:
        return start_s < self._to_s and end_s > self._from_s

    def _turns(self) -> Iterable[str]:
        for turn in self._session.turns:
            if self._overlaps(turn.start_s, turn.end_s):
                width = (turn.end_s - turn.start_s) * PIXELS_PER_S
                yield (
                    f'<rect class="turn" x="{self._x(turn.start_s)}" y="{TOP}" '
                    f'width="{width:.1f}" height="{CURVE}"/>'
                )

    def _waveform(self) -> Iterable[str]:
        first = round(self._from_s / PEAK_S)
        bars = self._peaks[first : first + round(ROW_S / PEAK_S)]
        if not bars:
            return
        middle, half = TOP + CURVE / 2, CURVE / 2
        xs = [self._x((first + i + 0.5) * PEAK_S) for i in range(len(bars))]
        upper = [f"{x},{middle - half * high:.1f}" for x, (_, high) in zip(xs, bars, strict=True)]
        lower = [f"{x},{middle - half * low:.1f}" for x, (low, _) in zip(xs, bars, strict=True)]
        yield f'<polygon class="wave" points="{" ".join(upper + lower[::-1])}"/>'

    def _scales(self) -> Iterable[str]:
        for value in (0.0, 0.5, 1.0):
            x, y = LEFT - 5, _y(value)
            yield f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>'
            yield f'<text class="scale" x="{x}" y="{y + 3.5}" text-anchor="end">{value}</text>'
        for second in range(round(ROW_S) + 1):
            at = self._x(self._from_s + second)
            yield f'<line class="grid" x1="{at}" y1="{BOTTOM}" x2="{at}" y2="{HEIGHT - 14}"/>'
            yield (
                f'<text class="scale" x="{at}" y="{HEIGHT - 4}" text-anchor="middle">'
                f"{self._from_s + second:.0f}</text>"
            )

    def _thresholds(self) -> Iterable[str]:
        all_of_them = self._session.thresholds
        for now, then in zip(all_of_them, (*all_of_them[1:], None), strict=True):
            until_s = self._to_s if then is None else then.from_s
            if not self._overlaps(now.from_s, until_s):
                continue
            for value, name in ((now.eot, "end"), (now.eager, "eager")):
                if value is not None:
                    x1 = self._x(max(now.from_s, self._from_s))
                    x2 = self._x(min(until_s, self._to_s))
                    y = _y(value)
                    yield (
                        f'<line class="{name}-line dashed" x1="{x1}" y1="{y}" x2="{x2}" y2="{y}"/>'
                    )

    def _curve(self) -> Iterable[str]:
        curve = self._session.curve
        near = [i for i, (at_s, _) in enumerate(curve) if self._from_s <= at_s <= self._to_s]
        if near:  # and one on either side, so that the line runs on over the edge
            points = curve[max(0, near[0] - 1) : near[-1] + 2]
            line = " ".join(f"{self._x(at_s)},{_y(value)}" for at_s, value in points)
            yield f'<polyline class="curve" points="{line}"/>'

    def _events(self) -> Iterable[str]:
        free = [0.0] * EVENT_LANES
        for moment in self._session.moments:
            if not self._from_s <= moment.at_s < self._to_s:
                continue
            lane = min(EVENTS.index(moment.name), EVENT_LANES - 1)
            x = float(self._x(moment.at_s))
            y = lane * LANE + 10
            name = CLASSES[moment.name]
            yield f'<line class="{name}-line" x1="{x}" y1="{y - 9}" x2="{x}" y2="{BOTTOM}"/>'
            text = described(moment)
            if x >= free[lane]:  # the table of events has them all
                free[lane] = x + 6 + len(text) * LETTER
                last = free[lane] > WIDTH
                side = f'x="{x - 3}" text-anchor="end"' if last else f'x="{x + 3}"'
                yield f'<text class="{name}" {side} y="{y}">{text}</text>'

    def _words(self) -> Iterable[str]:
        free = [0.0] * WORD_LANES
        for turn in self._session.turns:
            for word in turn.words:
                if word.start_s is None or not self._from_s <= word.start_s < self._to_s:
                    continue
                x = float(self._x(word.start_s))
                lane = next((i for i, until in enumerate(free) if until <= x), WORD_LANES - 1)
                free[lane] = x + len(word.text) * LETTER + 4
                yield from self._word(word, x, lane)

    def _word(self, word: Word, x: float, lane: int) -> Iterable[str]:
        name = sureness(word.confidence)
        if word.start_s is not None and word.end_s is not None:
            width = max(1.0, (word.end_s - word.start_s) * PIXELS_PER_S - 1)
            yield f'<rect class="{name}" x="{x}" y="{BOTTOM + 3}" width="{width:.1f}" height="3"/>'
        y = WORDS_TOP + lane * LANE + 8
        anchor = ' text-anchor="end"' if x + len(word.text) * LETTER > WIDTH else ""
        yield (
            f'<text class="{name}" x="{x if not anchor else WIDTH - 2}" y="{y}"{anchor}>'
            f"<title>{word.confidence:.2f}</title>{escape(word.text)}</text>"
        )


def described(moment: Moment) -> str:
    """Name an event, with why it came."""
    return escape(f"{moment.name} ({moment.note})" if moment.note else moment.name)


def _y(value: float) -> float:
    """Return where a confidence is in a row."""
    return round(BOTTOM - value * CURVE, 1)
