"""Reading a square code as a phone's camera does: ISO/IEC 18004, byte mode, error correction M, clean picture."""

import re
from collections.abc import Callable, Iterator

QUIET = 4
BLOCKS = {1: (1, 16), 2: (1, 28), 3: (1, 44), 4: (2, 32), 5: (2, 43), 6: (4, 27)}
"""Blocks, and data bytes in each, by version (table 9, level M)."""
LEVEL_M = (0, 0)
MASKS: tuple[Callable[[int, int], int], ...] = (
    lambda y, x: (y + x) % 2,
    lambda y, x: y % 2,
    lambda y, x: x % 3,
    lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2,
    lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
)


def read_square(width: int, path: str) -> str:
    """Return the text of a code that is drawn as one SVG path of unit squares, quiet zone included in its width."""
    dark = {(int(y) - QUIET, int(x) - QUIET) for x, y in re.findall(r"M(\d+) (\d+)h1", path)}
    size = width - 2 * QUIET
    version = (size - 17) // 4
    blocks, length = BLOCKS[version]
    form = [((8, x) in dark) ^ bit for x, bit in enumerate((1, 0, 1, 0, 1))]
    if tuple(form[:2]) != LEVEL_M:
        raise ValueError("not at level M")
    mask = MASKS[form[2] * 4 + form[3] * 2 + form[4]]
    bits = [((y, x) in dark) ^ (mask(y, x) == 0) for y, x in _places(size, version)]
    words = [_number(bits[at : at + 8]) for at in range(0, blocks * length * 8, 8)]
    joined = "".join(f"{word:08b}" for block in range(blocks) for word in words[block::blocks])
    if joined[:4] != "0100":
        raise ValueError("not in byte mode")
    count = int(joined[4:12], 2)
    return bytes(int(joined[12 + 8 * at : 20 + 8 * at], 2) for at in range(count)).decode()


def _places(size: int, version: int) -> Iterator[tuple[int, int]]:
    """Where the data stands, in order: two columns at a time, up and down in turn, from the last column."""
    columns = [x for x in range(size - 1, 6, -2)] + [5, 3, 1]
    for turn, right in enumerate(columns):
        rows = range(size) if turn % 2 else range(size - 1, -1, -1)
        for y in rows:
            for x in (right, right - 1):
                if not _is_pattern(y, x, size, version):
                    yield y, x


def _is_pattern(y: int, x: int, size: int, version: int) -> bool:
    finder = (y < 9 and x < 9) or (y < 9 and x >= size - 8) or (y >= size - 8 and x < 9)
    aligned = version > 1 and abs(y - (size - 7)) <= 2 and abs(x - (size - 7)) <= 2
    return finder or aligned or y == 6 or x == 6


def _number(bits: list[bool]) -> int:
    return int("".join(str(int(bit)) for bit in bits), 2)
