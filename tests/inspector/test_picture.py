"""The picture: what it shows, and what it needs."""

import struct
import sys
from xml.etree import ElementTree as ET

import pytest

from tests.inspector.logs import HEAD, MESSAGES, text
from turnwise.errors import DeviceMissing
from turnwise.inspector.log import read
from turnwise.inspector.picture import PICTURED_S_MAX, png, svg
from turnwise.inspector.session import session_of


def picture(duration_s: float = 12.5) -> str:
    head = {**HEAD, "audio": {"name": "call.wav", "duration_s": duration_s}}
    log = read(text(*MESSAGES, head=head).splitlines())
    return svg(log, session_of(log), [])


def test_it_is_svg_of_at_most_five_minutes() -> None:
    spaces = "{http://www.w3.org/2000/svg}"
    groups = ET.fromstring(picture()).findall(f"{spaces}g")
    assert len(groups) == 2
    many = ET.fromstring(picture(PICTURED_S_MAX * 2)).findall(f"{spaces}g")
    assert len(many) == 30


def test_it_becomes_png() -> None:
    pytest.importorskip("resvg_py")
    drawn = png(picture())
    assert drawn.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", drawn[16:24])
    assert (width, height) == (1078, 550)


def test_a_missing_library_is_named_with_the_line_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(DeviceMissing, match=r"pip install 'turnwise\[picture\]'"):
        png(picture())
