"""Reads a clean QR matrix (versions 1 and 2, alphanumeric) by ISO/IEC 18004, without error correction."""

from collections.abc import Callable, Sequence

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda row, column: (row + column) % 2 == 0,
    lambda row, column: row % 2 == 0,
    lambda row, column: column % 3 == 0,
    lambda row, column: (row + column) % 3 == 0,
    lambda row, column: (row // 2 + column // 3) % 2 == 0,
    lambda row, column: row * column % 2 + row * column % 3 == 0,
    lambda row, column: (row * column % 2 + row * column % 3) % 2 == 0,
    lambda row, column: ((row + column) % 2 + row * column % 3) % 2 == 0,
)


def read_qr(matrix: Sequence[Sequence[bool]]) -> str:
    """The text of ``matrix`` (True is dark, no quiet zone)."""
    side = len(matrix)
    assert side in (21, 25), side
    mask = _MASKS[sum((matrix[8][column] ^ flip) << shift for column, flip, shift in ((2, 1, 2), (3, 0, 1), (4, 1, 0)))]
    bits = [matrix[row][column] ^ mask(row, column) for row, column in _walk(side)]
    place = 0

    def take(count: int) -> int:
        nonlocal place
        value = int("".join(str(int(bit)) for bit in bits[place : place + count]), 2)
        place += count
        return value

    assert take(4) == 0b0010, "not alphanumeric"
    length = take(9)
    text = ""
    for _ in range(length // 2):
        pair = take(11)
        text += _ALPHANUMERIC[pair // 45] + _ALPHANUMERIC[pair % 45]
    return text + (_ALPHANUMERIC[take(6)] if length % 2 else "")


def _walk(side: int) -> list[tuple[int, int]]:
    """Data modules in reading order: two columns at a time from the right, up and down in turn."""
    order = []
    upward = True
    for right in [*range(side - 1, 6, -2), *range(5, 0, -2)]:
        rows = range(side - 1, -1, -1) if upward else range(side)
        order += [(row, column) for row in rows for column in (right, right - 1) if not _function(row, column, side)]
        upward = not upward
    return order


def _function(row: int, column: int, side: int) -> bool:
    finder = (row < 9 and column < 9) or (row < 9 and column >= side - 8) or (row >= side - 8 and column < 9)
    alignment = side == 25 and 16 <= row <= 20 and 16 <= column <= 20
    return finder or alignment or row == 6 or column == 6
