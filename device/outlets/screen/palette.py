"""Colours by role. Every text colour has at least 4.5:1 against its ground (WCAG 2.2, 1.4.3, level AA)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from device.diagnosis.verdict import Verdict

Rgb: TypeAlias = tuple[int, int, int]


class Ink(StrEnum):
    """The role of a colour. GROUND and PAPER lie behind, the others are drawn on them."""

    GROUND = "ground"
    PAPER = "paper"
    FOOT = "foot"
    ACTION = "action"
    BAND = "band"
    TEXT = "text"
    MUTED = "muted"
    ACCENT = "accent"
    ALERT = "alert"
    GOOD = "good"
    ON_BAND = "on_band"
    ON_ACTION = "on_action"
    RULE = "rule"
    TRACK = "track"


class Tone(StrEnum):
    """The colour of a page that judges no sale."""

    NEUTRAL = "neutral"
    GOOD = "good"
    BAD = "bad"


_BASE: Final[Mapping[Ink, Rgb]] = {
    Ink.GROUND: (255, 255, 255),
    Ink.PAPER: (255, 255, 255),
    Ink.FOOT: (237, 240, 244),
    Ink.ACTION: (255, 236, 179),
    Ink.TEXT: (17, 24, 39),
    Ink.MUTED: (75, 85, 99),
    Ink.ALERT: (180, 28, 28),
    Ink.GOOD: (11, 107, 58),
    Ink.ON_BAND: (255, 255, 255),
    Ink.ON_ACTION: (17, 24, 39),
    Ink.RULE: (203, 209, 218),
    Ink.TRACK: (226, 230, 236),
}
_BLUE: Final[Rgb] = (30, 64, 150)
_PURPLE: Final[Rgb] = (94, 45, 145)
_BROWN: Final[Rgb] = (146, 64, 14)
_SLATE: Final[Rgb] = (55, 65, 81)
_RED: Final[Rgb] = (160, 24, 24)
_TEAL: Final[Rgb] = (17, 94, 102)
_GREEN: Final[Rgb] = (11, 107, 58)

BANDS: Final[Mapping[Verdict | Tone, Rgb]] = {
    Tone.NEUTRAL: _SLATE,
    Tone.GOOD: _GREEN,
    Tone.BAD: _RED,
    Verdict.CARD: _BLUE,
    Verdict.CUSTOMER_ACTION: _BLUE,
    Verdict.ACCEPTANCE_RANGE: _PURPLE,
    Verdict.MERCHANT_ACQUIRER: _PURPLE,
    Verdict.TERMINAL_SETUP: _BROWN,
    Verdict.LOCAL_ACTION: _BROWN,
    Verdict.NOT_ENOUGH_DATA: _SLATE,
    Verdict.NO_VERIFIED_RESPONSE: _RED,
    Verdict.HOST_SYSTEM: _TEAL,
    Verdict.APPROVED: _GREEN,
}
GROUNDS: Final[Mapping[Ink, tuple[Ink, ...]]] = {
    Ink.TEXT: (Ink.GROUND, Ink.PAPER, Ink.FOOT),
    Ink.MUTED: (Ink.GROUND, Ink.PAPER, Ink.FOOT),
    Ink.ACCENT: (Ink.GROUND, Ink.PAPER, Ink.FOOT),
    Ink.ALERT: (Ink.GROUND, Ink.PAPER),
    Ink.GOOD: (Ink.GROUND, Ink.PAPER),
    Ink.ON_BAND: (Ink.BAND,),
    Ink.ON_ACTION: (Ink.ACTION,),
}
_BLACK: Final[Rgb] = (0, 0, 0)
_WHITE: Final[Rgb] = (255, 255, 255)
_LIGHT_ON_TWO_COLOURS: Final = (Ink.GROUND, Ink.PAPER, Ink.FOOT, Ink.ACTION, Ink.ON_BAND, Ink.TRACK)


def colours(tone: Verdict | Tone, bits: int) -> dict[Ink, Rgb]:
    """The colour of each role for this verdict or tone; black and white where the panel has 1 bit a pixel."""
    if bits == 1:
        return {ink: _WHITE if ink in _LIGHT_ON_TWO_COLOURS else _BLACK for ink in Ink}
    return {**_BASE, Ink.BAND: BANDS[tone], Ink.ACCENT: BANDS[tone]}


def contrast_ratio(first: Rgb, second: Rgb) -> float:
    """The contrast of two colours from 1 to 21 (WCAG 2.2, definition "contrast ratio")."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(value / 255) for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
