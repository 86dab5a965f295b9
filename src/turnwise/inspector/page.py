"""A session as one HTML file that needs nothing else: no script, no server, no network."""

from collections.abc import Iterable
from html import escape

from turnwise.inspector.drawing import (
    DARK,
    HEIGHT,
    LIGHT,
    ROW_S,
    SURENESS,
    WIDTH,
    Peaks,
    described,
    rows,
    style,
    sureness,
)
from turnwise.inspector.log import Log
from turnwise.inspector.session import Session, Turn

DRAWN_S_MAX = 3_600.0  # an hour is 360 rows and some 10 MB; more would not be looked at
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What is in the file may not fetch anything, whatever a transcript says."""
SHEET = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif}
h1{font-size:1.4rem;margin:0}h2{font-size:1rem;margin:2rem 0 .5rem}
p{margin:.25rem 0}.soft,dd small{color:var(--soft)}code{overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto;min-width:40rem;margin-bottom:.5rem}.rows{overflow-x:auto}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.5rem 2rem}
dt{color:var(--soft);font-size:.875rem}
dd{margin:0;font-size:1.25rem;font-variant-numeric:tabular-nums}
small{display:block;font-size:.8125rem}
table{border-collapse:collapse}.wide{overflow-x:auto}
th,td{padding:.25rem 1rem .25rem 0;text-align:left;vertical-align:top;
border-top:1px solid var(--line)}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.words{min-width:14rem}
p .fairly,td .fairly{color:var(--fairly)}
p .unsure,td .unsure{color:var(--unsure);text-decoration:underline dotted}
p .guess,td .guess{color:var(--guess);text-decoration:underline wavy 1px}
"""


def html(log: Log, session: Session, peaks: Peaks) -> str:
    """Return the file's text."""
    until_s = min(session.end_s, DRAWN_S_MAX)
    title = escape(f"{log.head.audio.name}: {len(session.turns)} turns")
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_palettes()}{SHEET}{style(_variable)}</style>",
            f"</head><body><h1>{title}</h1>",
            f'<p class="soft">{escape(log.head.program)}, <code>{escape(log.head.url)}</code></p>',
            *_figures(session),
            '<h2>What was heard</h2><div class="rows">',
            *_rows(session, peaks, until_s),
            "</div>",
            *_remarks(log, session, peaks),
            *_turns(session),
            *_events(session),
            "</body></html>\n",
        )
    )


def _variable(name: str) -> str:
    return f"var(--{name})"


def _palettes() -> str:
    light = "".join(f"--{name}:{colour};" for name, colour in LIGHT.items())
    dark = "".join(f"--{name}:{colour};" for name, colour in DARK.items())
    return (
        f":root{{color-scheme:light dark;{light}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
    )


def _rows(session: Session, peaks: Peaks, until_s: float) -> Iterable[str]:
    for number, row in enumerate(rows(session, peaks, until_s)):
        label = f"From {number * ROW_S:.0f} s; the tables below say the same in words."
        yield (
            f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}">{row}</svg>'
        )


def figures(session: Session) -> list[tuple[str, str, str]]:
    """Return the figures of a session: name, value, meaning."""
    words = sum(len(turn.words) for turn in session.turns)
    return [
        ("Turns", str(len(session.turns)), f"{words} words in {session.end_s:.1f} s"),
        (
            "End-of-turn delay",
            milliseconds(session.delay_s_median),
            "last word to EndOfTurn, median of the turns the model ended",
        ),
        (
            "Eager lead",
            milliseconds(session.eager_lead_s_median),
            "EagerEndOfTurn to EndOfTurn, median",
        ),
        ("Lag", milliseconds(session.lag_s), "audio sent but not told of, median"),
        (
            "Taken back",
            str(sum(turn.resumed for turn in session.turns)),
            "likely ends that were none",
        ),
    ]


def milliseconds(duration_s: float | None) -> str:
    return "–" if duration_s is None else f"{duration_s * 1000:.0f} ms"  # noqa: RUF001 - a dash


def _figures(session: Session) -> Iterable[str]:
    yield "<dl>"
    for name, value, meaning in figures(session):
        yield f"<div><dt>{name}</dt><dd>{value} <small>{meaning}</small></dd></div>"
    yield "</dl>"


def _remarks(log: Log, session: Session, peaks: Peaks) -> Iterable[str]:
    steps = [f'<span class="{name}">{name} from {lowest:g}</span>' for lowest, name in SURENESS]
    yield (
        '<p class="soft">Blue: confidence that the turn is over. Dashed: thresholds. '
        f"Words by confidence: {', '.join(steps)}.</p>"
    )
    if not peaks:
        yield '<p class="soft">Without the recording there is no waveform.</p>'
    if session.end_s > DRAWN_S_MAX:
        yield f'<p class="soft">Only the first {DRAWN_S_MAX / 60:.0f} minutes are drawn.</p>'
    if log.unknown:
        yield f'<p class="soft">{log.unknown} messages are of a kind unknown here.</p>'


def _turns(session: Session) -> Iterable[str]:
    yield '<h2>Turns</h2><div class="wide"><table><tr>'
    yield "<th>turn</th><th>words</th><th>ended by</th>"
    for name in ("from", "to", "delay", "eager lead"):
        yield f'<th class="number">{name}</th>'
    yield "</tr>"
    for turn in session.turns:
        yield f'<tr><td>{turn.index}</td><td class="words">{_words(turn)}</td>'
        yield f"<td>{escape(turn.trigger) or ('?' if turn.ended else 'nobody')}</td>"
        for number in (
            f"{turn.start_s:.2f} s",
            f"{turn.end_s:.2f} s",
            milliseconds(turn.delay_s),
            milliseconds(turn.eager_lead_s),
        ):
            yield f'<td class="number">{number}</td>'
        yield "</tr>"
    yield "</table></div>"


def _words(turn: Turn) -> str:
    return " ".join(
        f'<span class="{sureness(word.confidence)}" title="{word.confidence:.2f}">'
        f"{escape(word.text)}</span>"
        for word in turn.words
    )


def _events(session: Session) -> Iterable[str]:
    yield '<h2>Events</h2><div class="wide"><table>'
    yield '<tr><th class="number">at</th><th>event</th></tr>'
    for moment in session.moments:
        yield f'<tr><td class="number">{moment.at_s:.2f} s</td><td>{described(moment)}</td></tr>'
    yield "</table></div>"
