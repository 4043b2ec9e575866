"""Editing of a line for a person at a VT100 terminal: echo, cursor keys, history, completion of commands.

Keys: left, right, Home, End (also ^B ^F ^A ^E), Backspace, Delete (^D), ^U ^K ^W, up and down (^P ^N) for history,
Tab, ^L draws anew, ^C sends ``stop``. Of sequences that are not known nothing is shown (ECMA-48: CSI ... final byte).
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

PROMPT: Final = "> "
_MOST: Final = 1000  # characters, so that the line's bytes stay below the longest line
_MOST_HISTORY: Final = 50
_MOST_SEQUENCE: Final = 16
_WIDE: Final = (
    (0x1100, 0x115F),
    (0x2E80, 0xA4CF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE6F),
    (0xFF00, 0xFF60),
)
_CSI_KEYS: Final = {
    **{"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end"},
    **{"1~": "home", "7~": "home", "4~": "end", "8~": "end", "3~": "delete"},
}
_CONTROL_KEYS: Final = {
    **{"\x01": "home", "\x02": "left", "\x04": "delete", "\x05": "end", "\x06": "right", "\x08": "backspace"},
    **{"\x7f": "backspace", "\x09": "tab", "\x0b": "cut_right", "\x0c": "redraw", "\x0e": "down", "\x10": "up"},
    **{"\x15": "cut_left", "\x17": "cut_word", "\x03": "stop"},
}


class LineEditor:
    """Takes what is typed, writes what is to be seen, yields each line that Enter ends, as its bytes."""

    def __init__(self, write: Callable[[bytes], None], commands: Sequence[str]) -> None:
        self._write = write
        self._commands = commands
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text = ""
        self._at = 0
        self._sequence: str | None = None
        self._history: deque[str] = deque(maxlen=_MOST_HISTORY)
        self._place = 0  # steps back in history
        self._after_cr = False
        self._prompted = False

    def prompt(self) -> None:
        """Show prompt and line, once, as nothing runs now."""
        if not self._prompted:
            self._prompted = True
            self._draw()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes as they were typed."""
        for sign in self._decode(data):
            line = self._take(sign)
            if line is not None:
                yield line.encode()

    def _take(self, sign: str) -> str | None:
        after_cr, self._after_cr = self._after_cr, sign == "\r"
        if self._sequence is not None:
            self._take_sequence(sign)
        elif sign == "\x1b":
            self._sequence = ""
        elif sign == "\n" and after_cr:
            return None
        elif sign in "\r\n":
            return self._enter()
        elif sign in _CONTROL_KEYS:
            return self._press(_CONTROL_KEYS[sign])
        elif sign >= " " and not "\x80" <= sign <= "\x9f":
            self._insert(sign)
        return None

    def _take_sequence(self, sign: str) -> None:
        """ESC [ parameters final, or ESC O final; what grows too long is forgotten."""
        sequence = (self._sequence or "") + sign
        self._sequence = sequence
        if sequence in ("[", "O"):
            return
        if len(sequence) > _MOST_SEQUENCE or sequence[0] not in "[O" or "@" <= sign <= "~":
            self._sequence = None
            key = _CSI_KEYS.get(sequence[1:])
            if key is not None:
                self._press(key)

    def _press(self, key: str) -> str | None:
        text, at = self._text, self._at
        moves = {"left": max(at - 1, 0), "right": min(at + 1, len(text)), "home": 0, "end": len(text)}
        if key in moves:
            self._set(text, moves[key])
        elif key == "backspace":
            self._set(text[: max(at - 1, 0)] + text[at:], max(at - 1, 0))
        elif key == "delete":
            self._set(text[:at] + text[at + 1 :], at)
        elif key == "cut_left":
            self._set(text[at:], 0)
        elif key == "cut_right":
            self._set(text[:at], at)
        elif key == "cut_word":
            kept = text[:at].rstrip().rpartition(" ")
            self._set(kept[0] + kept[1] + text[at:], len(kept[0] + kept[1]))
        elif key in ("up", "down"):
            self._recall(1 if key == "up" else -1)
        elif key == "tab":
            self._complete()
        elif key == "redraw":
            self._write(b"\x1b[2J\x1b[H")
            self._draw()
        elif key == "stop":
            self._set("", 0)
            return "stop"
        return None

    def _insert(self, sign: str) -> None:
        if len(self._text) < _MOST:
            self._set(self._text[: self._at] + sign + self._text[self._at :], self._at + 1)

    def _enter(self) -> str:
        text = self._text
        if text.strip() and (not self._history or self._history[-1] != text):
            self._history.append(text)
        self._text, self._at, self._place, self._prompted = "", 0, 0, False
        self._write(b"\r\n")
        return text

    def _recall(self, step: int) -> None:
        place = self._place + step
        if 0 <= place <= len(self._history):
            self._place = place
            text = self._history[-place] if place else ""
            self._set(text, len(text))

    def _complete(self) -> None:
        """What is before the cursor may be the beginning of a command; several are shown, none does nothing."""
        typed = self._text[: self._at].lstrip().lower()
        found = [name for name in self._commands if name.startswith(typed)]
        if not found:
            return
        whole = found[0] + " " if len(found) == 1 else _common(found)
        if len(whole) > len(typed):
            self._set(whole + self._text[self._at :], len(whole))
        else:
            self._write(b"\r\n" + "  ".join(found).encode() + b"\r\n")
            self._draw()

    def _set(self, text: str, at: int) -> None:
        if (text, at) != (self._text, self._at):
            appended = text[:-1] == self._text and at == len(text) and self._at == len(self._text)
            self._text, self._at = text, at
            if not self._prompted:
                return  # something runs: it is shown when that has ended
            if appended:
                self._write(text[-1].encode())
            else:
                self._draw()

    def _draw(self) -> None:
        back = _width(self._text[self._at :])
        cursor = f"\x1b[{back}D" if back else ""
        self._write(f"\r{PROMPT}{self._text}\x1b[K{cursor}".encode())


def _common(names: Sequence[str]) -> str:
    """What all names begin with; they are sorted, so that the first and the last differ most."""
    first, last = names[0], names[-1]
    same = (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(same, min(len(first), len(last)))]


def _width(text: str) -> int:
    """Columns of a terminal that the text takes: East Asian signs take two (Unicode UAX 11)."""
    return sum(1 + any(first <= ord(sign) <= last for first, last in _WIDE) for sign in text)
