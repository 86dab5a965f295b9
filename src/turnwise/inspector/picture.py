"""A session as one picture: the rows of the page, in light colours."""

from html import escape

from turnwise.errors import DeviceMissing
from turnwise.inspector.drawing import HEIGHT, LIGHT, WIDTH, Peaks, rows, style
from turnwise.inspector.log import Log
from turnwise.inspector.page import figures
from turnwise.inspector.session import Session

PICTURED_S_MAX = 300.0  # 30 rows, 5,500 pixels high; the page has the rest
HEADER = 64
GAP = 10
MARGIN = 16
INSTALL = "writing a PNG needs resvg-py: pip install 'turnwise[picture]'; the HTML needs nothing"


def svg(log: Log, session: Session, peaks: Peaks) -> str:
    """Return the picture as SVG."""
    drawn = rows(session, peaks, min(session.end_s, PICTURED_S_MAX))
    width = WIDTH + 2 * MARGIN
    height = HEADER + len(drawn) * (HEIGHT + GAP) + MARGIN
    colours = style(lambda name: LIGHT[name])
    told = "  ·  ".join(f"{name}: {value}" for name, value, _ in figures(session))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><style>{colours}.title{{font-size:16px}}</style>',
        f'<rect width="{width}" height="{height}" fill="{LIGHT["paper"]}"/>',
        f'<text class="ink title" x="{MARGIN}" y="28">{escape(log.head.audio.name)}</text>',
        f'<text class="scale" x="{MARGIN}" y="48">{told}</text>',
    ]
    for number, row in enumerate(drawn):
        y = HEADER + number * (HEIGHT + GAP)
        parts.append(f'<g transform="translate({MARGIN} {y})">{row}</g>')
    return "".join((*parts, "</svg>"))


def png(picture: str) -> bytes:
    """Return an SVG as PNG.

    Raises:
        DeviceMissing: The library that draws is not installed.
    """
    try:
        import resvg_py  # an extra; few need it
    except ImportError:
        raise DeviceMissing(INSTALL) from None
    return bytes(resvg_py.svg_to_bytes(svg_string=picture))
