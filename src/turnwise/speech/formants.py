"""From phones to what the resonators are to do, frame by frame.

Each phone has targets; between two phones the formants move in straight lines, which is what
makes consonants heard. Values are those of Klatt (1980), tables II and III, for a man.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME_MS = 5

Formants = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Phone:
    start: Formants
    widths: Formants
    length_ms: int
    end: Formants | None = None
    """Of a diphthong."""
    voice: float = 0.0
    breath: float = 0.0
    noise: float = 0.0
    zero_hz: float = 270.0
    gains: tuple[float, float, float, float, float, float] = (0, 0, 0, 0, 0, 0)
    """Of the noise's resonators, a2 to a6, and the bypass."""
    stop: bool = False
    """Closed first, then a burst of the noise."""


def _vowel(start: Formants, widths: Formants, length_ms: int, end: Formants | None = None) -> Phone:
    return Phone(start, widths, length_ms, end, voice=1.0)


# Gains that make S and T 10 and 7 dB softer than a vowel, lips and teeth 20 dB.
_S = (0, 0, 0, 0.016, 0.055, 0.003)
_SH = (0, 0.108, 0.084, 0.06, 0.036, 0)
_LIPS = (0, 0, 0, 0, 0, 1.0)
_TEETH = (0, 0, 0, 0, 0.042, 0.084)
_T = (0, 0.008, 0.032, 0.048, 0.064, 0.004)
_K = (0.2, 0.1, 0.04, 0.04, 0.04, 0)
PHONES: Mapping[str, Phone] = {
    "IY": _vowel((310, 2020, 2960), (45, 200, 400), 130, (290, 2070, 2960)),
    "IH": _vowel((400, 1800, 2570), (50, 100, 140), 90, (420, 1700, 2560)),
    "EY": _vowel((480, 1720, 2520), (70, 100, 200), 140, (330, 2020, 2600)),
    "EH": _vowel((530, 1680, 2500), (60, 90, 200), 105),
    "AE": _vowel((620, 1660, 2430), (70, 130, 300), 140, (650, 1500, 2430)),
    "AA": _vowel((700, 1220, 2600), (130, 70, 160), 140),
    "AO": _vowel((600, 990, 2570), (90, 100, 80), 140),
    "AH": _vowel((620, 1220, 2550), (80, 50, 140), 80),
    "OW": _vowel((540, 1100, 2300), (80, 70, 70), 140, (450, 900, 2300)),
    "UH": _vowel((450, 1100, 2350), (80, 100, 80), 90),
    "UW": _vowel((350, 1250, 2200), (65, 110, 140), 130, (320, 900, 2200)),
    "ER": _vowel((470, 1270, 1540), (100, 60, 110), 130),
    "AY": _vowel((660, 1200, 2550), (100, 70, 200), 170, (400, 1880, 2500)),
    "AW": _vowel((640, 1230, 2550), (80, 70, 140), 180, (420, 940, 2350)),
    "OY": _vowel((550, 960, 2400), (80, 50, 130), 190, (360, 1820, 2450)),
    "W": Phone((290, 610, 2150), (50, 80, 60), 65, voice=0.8),
    "Y": Phone((260, 2070, 3020), (40, 250, 500), 60, voice=0.8),
    "R": Phone((310, 1060, 1380), (70, 100, 120), 70, voice=0.8),
    "L": Phone((310, 1050, 2880), (50, 100, 280), 70, voice=0.8),
    "M": Phone((480, 1270, 2130), (40, 200, 200), 70, voice=0.6, zero_hz=450),
    "N": Phone((480, 1340, 2470), (40, 300, 300), 65, voice=0.6, zero_hz=450),
    "NG": Phone((480, 2000, 2900), (40, 300, 300), 80, voice=0.6, zero_hz=450),
    "HH": Phone((500, 1500, 2500), (150, 150, 200), 60, breath=1.0),
    "F": Phone((340, 1100, 2080), (200, 120, 150), 95, noise=0.22, gains=_LIPS),
    "V": Phone((220, 1100, 2080), (60, 90, 120), 65, voice=0.5, noise=0.12, gains=_LIPS),
    "TH": Phone((320, 1290, 2540), (200, 90, 200), 90, noise=0.2, gains=_TEETH),
    "DH": Phone((270, 1290, 2540), (60, 80, 170), 50, voice=0.5, noise=0.08, gains=_TEETH),
    "S": Phone((320, 1390, 2530), (200, 80, 200), 100, noise=0.55, gains=_S),
    "Z": Phone((240, 1390, 2530), (70, 60, 180), 75, voice=0.4, noise=0.3, gains=_S),
    "SH": Phone((300, 1840, 2750), (200, 100, 300), 105, noise=0.5, gains=_SH),
    "ZH": Phone((300, 1840, 2750), (70, 100, 300), 75, voice=0.4, noise=0.3, gains=_SH),
    "CH": Phone((350, 1800, 2820), (200, 90, 300), 130, noise=0.6, gains=_SH, stop=True),
    "JH": Phone(
        (260, 1800, 2820), (60, 80, 270), 100, voice=0.15, noise=0.45, gains=_SH, stop=True
    ),
    "P": Phone(
        (400, 1100, 2150), (300, 150, 220), 100, breath=0.7, noise=0.5, gains=_LIPS, stop=True
    ),
    "B": Phone(
        (200, 1100, 2150), (60, 110, 130), 75, voice=0.15, noise=0.25, gains=_LIPS, stop=True
    ),
    "T": Phone((400, 1600, 2600), (300, 120, 250), 100, breath=0.7, noise=0.6, gains=_T, stop=True),
    "D": Phone((200, 1600, 2600), (60, 100, 170), 70, voice=0.15, noise=0.35, gains=_T, stop=True),
    "K": Phone((300, 1990, 2850), (250, 160, 330), 105, breath=0.7, noise=0.5, gains=_K, stop=True),
    "G": Phone((200, 1990, 2850), (60, 150, 280), 75, voice=0.15, noise=0.3, gains=_K, stop=True),
}
VOWELS = frozenset(name for name, phone in PHONES.items() if phone.voice == 1.0)
BURST_MS = 20
BREATH_MS = 40  # after a voiceless stop, before the voice
LAST_STRETCH = 1.4  # of the last syllable before a pause
TRANSITION_MS = 30  # how far a formant's movement reaches into a phone, at most half of it


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a phone with amplitudes of its own."""

    phone: Phone
    length_ms: float
    voice: float
    breath: float
    noise: float


def stretches(names: Sequence[str], speed: float) -> list[Stretch]:
    """Part phones into stretches; the last syllable is drawn out."""
    last_vowel = max((i for i, name in enumerate(names) if name in VOWELS), default=0)
    parts: list[Stretch] = []
    for index, name in enumerate(names):
        phone = PHONES[name]
        if name == "HH" and index + 1 < len(names):  # the next phone's mouth, without its voice
            following = PHONES[names[index + 1]]
            phone = Phone(following.start, phone.widths, phone.length_ms, breath=1.0)
        length_ms = phone.length_ms / speed * (LAST_STRETCH if index >= last_vowel else 1.0)
        if not phone.stop:
            parts.append(Stretch(phone, length_ms, phone.voice, phone.breath, phone.noise))
            continue
        affricate = name in ("CH", "JH")
        burst_ms = 0.6 * length_ms if affricate else BURST_MS
        aspirated = phone.breath > 0 and (index == 0 or names[index - 1] != "S")
        breath_ms = BREATH_MS if aspirated else 0
        closed_ms = max(length_ms - burst_ms - breath_ms, 35)
        parts.append(Stretch(phone, closed_ms, phone.voice, 0, 0))
        parts.append(Stretch(phone, burst_ms, phone.voice, 0, phone.noise))
        if breath_ms:
            parts.append(Stretch(phone, breath_ms, 0, phone.breath, 0))
    return parts


def frames(
    names: Sequence[str], speed: float, pitch_hz: tuple[float, float], rises: bool
) -> NDArray[np.float64]:
    """Return the parameters of some phones: float64[frames, COLUMNS of resonators.py].

    Args:
        names: Of PHONES; at least one.
        speed: Times the natural speed.
        pitch_hz: At the beginning, and at the end.
        rises: Whether it is a question.
    """
    parts = stretches(names, speed)
    ends_ms = np.cumsum([part.length_ms for part in parts])
    times_ms = np.arange(0, ends_ms[-1], FRAME_MS)
    slow: list[tuple[float, ...]] = []  # what moves through all of a phone
    slow_at_ms: list[float] = []
    fast: list[tuple[float, ...]] = []  # what changes at its edges
    fast_at_ms: list[float] = []
    start_ms = 0.0
    for part, end_ms in zip(parts, ends_ms, strict=True):
        phone = part.phone
        reach_ms = min(TRANSITION_MS, part.length_ms / 2)
        edge_ms = min(6.0, part.length_ms / 3)
        slow_at_ms += [start_ms + reach_ms, end_ms - reach_ms]
        slow += [(*phone.start, *phone.widths), (*(phone.end or phone.start), *phone.widths)]
        fast_at_ms += [start_ms + edge_ms, end_ms - edge_ms]
        values = (part.voice, part.breath, part.noise, phone.zero_hz, *phone.gains)
        fast += [values, values]
        start_ms = float(end_ms)
    table = np.zeros((len(times_ms), 17))
    for column, values_of in enumerate(np.array(slow).T):
        table[:, 4 + column] = np.interp(times_ms, slow_at_ms, values_of)
    for column, values_of in zip((1, 2, 3, *range(10, 17)), np.array(fast).T, strict=True):
        table[:, column] = np.interp(times_ms, fast_at_ms, values_of)
    share = times_ms / ends_ms[-1]
    high, low = pitch_hz
    fall = high + (low - high) * share
    wave = 1 + 0.03 * np.sin(2 * np.pi * times_ms / 450)
    turn = np.where(share > 0.75, (share - 0.75) * (1.6 if rises else -0.6), 0.0)
    table[:, 0] = fall * wave * (1 + turn)
    edge = np.minimum(1, np.minimum(times_ms, ends_ms[-1] - times_ms) / 20)
    table[:, 1:4] *= edge[:, np.newaxis]
    return table
