"""A picture as numbers: what paper without colour, or an eye that tells fewer colours apart, makes of it."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

Colour = tuple[float, float, float]
"""Red, green and blue as linear light, 0 to 1."""
Matrix = tuple[Colour, Colour, Colour]

AS_IT_IS: Matrix = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
_LIGHT: Colour = (0.2126, 0.7152, 0.0722)
GREY: Matrix = (_LIGHT, _LIGHT, _LIGHT)
"""Relative luminance (WCAG 2.2), which is what a laser printer keeps."""

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency", IEEE
# Transactions on Visualization and Computer Graphics 15(6), 2009: the matrices of severity 1.0, on linear light.
PROTANOPIA: Matrix = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
DEUTERANOPIA: Matrix = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)


@dataclass(frozen=True)
class Picture:
    """A screenshot: 8 bits a channel, `scale` pixels a unit of the page."""

    width: int
    channels: int
    lines: list[bytes]
    scale: float

    def at(self, x: float, y: float) -> Colour:
        """The colour at a place of the page, as linear light."""
        start = round(x * self.scale) * self.channels
        red, green, blue = self.lines[round(y * self.scale)][start : start + 3]
        return _linear(red), _linear(green), _linear(blue)


def read(png: bytes, scale: float) -> Picture:
    """Read a screenshot: a PNG of 8 bits a channel, not interlaced."""
    chunks = dict[bytes, bytes]()
    for kind, data in _chunks(png):
        chunks[kind] = chunks.get(kind, b"") + data
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    channels = {2: 3, 6: 4}[colour]
    assert depth == 8
    return Picture(width, channels, list(_lines(zlib.decompress(chunks[b"IDAT"]), width, height, channels)), scale)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


def _lines(data: bytes, width: int, height: int, channels: int) -> Iterator[bytes]:
    """Undo the filter of each line (PNG, section 9)."""
    size = width * channels
    above = bytearray(size)
    for row in range(height):
        start = row * (size + 1)
        kind, line = data[start], bytearray(data[start + 1 : start + 1 + size])
        for at in range(size) if kind else ():
            before = line[at - channels] if at >= channels else 0
            corner = above[at - channels] if at >= channels else 0
            line[at] = (line[at] + _predicted(kind, before, above[at], corner)) & 255
        yield bytes(line)
        above = line


def _predicted(kind: int, before: int, above: int, corner: int) -> int:
    if kind < 4:
        return (0, before, above, (before + above) // 2)[kind]
    guess = before + above - corner
    return min((before, above, corner), key=lambda each: abs(guess - each))


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def seen(colour: Colour, by: Matrix) -> Colour:
    """What becomes of a colour."""
    red, green, blue = (min(max(sum(a * b for a, b in zip(row, colour, strict=True)), 0), 1) for row in by)
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours (WCAG 2.2): from 1, the same, to 21."""
    lights = sorted(sum(a * b for a, b in zip(_LIGHT, colour, strict=True)) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def difference(one: Colour, other: Colour) -> float:
    """How far apart two colours are to the eye (CIE 1976, Lab, white D65): 2 is just seen, 100 black from white."""
    return sum((a - b) ** 2 for a, b in zip(_lab(one), _lab(other), strict=True)) ** 0.5


_XYZ: Matrix = ((0.4124, 0.3576, 0.1805), _LIGHT, (0.0193, 0.1192, 0.9505))
_WHITE: Colour = (0.9505, 1.0, 1.089)


def _lab(colour: Colour) -> Colour:
    shares = (
        sum(a * b for a, b in zip(row, colour, strict=True)) / white for row, white in zip(_XYZ, _WHITE, strict=True)
    )
    x, y, z = (share ** (1 / 3) if share > 0.008856 else 7.787 * share + 16 / 116 for share in shares)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
