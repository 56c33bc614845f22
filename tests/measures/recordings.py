"""Recordings for tests, made here: a second of silence that a real player plays, in two formats."""

import struct
from collections.abc import Iterable
from pathlib import Path

FRAMES = 40
"""Of mp3, each 26 ms long: about a second."""


def mp3() -> bytes:
    """MPEG-1 layer III at 32 kbit/s and 44.1 kHz, one channel: a frame without a single coefficient is silence."""
    frame = b"\xff\xfb\x10\xc4".ljust(144 * 32_000 // 44_100, b"\0")
    return frame * FRAMES


def opus() -> bytes:
    """Ogg with 50 packets of silence in Opus, 20 ms each (RFC 3533, RFC 6716, RFC 7845)."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0)
    silence = [b"\xf8\xff\xfe"] * 50
    return _page(0, 2, 0, [head]) + _page(1, 0, 0, [tags]) + _page(2, 4, 50 * 960, silence)


def m4a() -> bytes:
    """What an m4a begins with. No player would make a sound of it."""
    return b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(64)


def record(folder: Path, *names: str, code: str = "phq9", language: str = "en") -> Path:
    """Write clips such as `3.mp3` into a service's folder of instruments; return their folder."""
    audio = folder / code / "audio" / language
    audio.mkdir(parents=True, exist_ok=True)
    for name in names:
        made = {"ogg": opus, "m4a": m4a, "mp3": mp3}[name.rpartition(".")[2]]
        (audio / name).write_bytes(made())
    return audio


def _page(number: int, kind: int, granule: int, packets: Iterable[bytes]) -> bytes:
    packets = list(packets)
    lacing = bytes(len(packet) for packet in packets)
    before = struct.pack("<4sBBqII", b"OggS", 0, kind, granule, 1, number)
    after = bytes([len(lacing)]) + lacing + b"".join(packets)
    return before + struct.pack("<I", _crc(before + bytes(4) + after)) + after


def _crc(content: bytes) -> int:
    """The checksum of an Ogg page: polynomial 0x04c11db7, neither reflected nor inverted."""
    remainder = 0
    for byte in content:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = (remainder << 1 ^ (0x04C11DB7 if remainder & 0x80000000 else 0)) & 0xFFFFFFFF
    return remainder
