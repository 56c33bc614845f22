"""Pages made small on their way out: here, because a small service has no proxy to do it."""

import gzip
from collections.abc import Sequence
from functools import lru_cache

import brotli

FROM_BYTES = 500
QUALITY, WINDOW = 9, 16
"""Half a millisecond for a check-in. A window of 64 kB holds any page; the usual one takes ten to set up."""
BEST = 11
"""A tenth smaller for a hundred times the work: for what is compressed once and sent to many."""
REMEMBERED = 100
"""Pages, of about 35 kB: what some teams show in some languages in the course of a day."""

_TAIL = 2
"""How many letters bear on how a decoder reads the one that follows them (RFC 7932, 7.1)."""


def gzipped(body: bytes) -> bytes:
    """Return a body in gzip."""
    return gzip.compress(body, 9, mtime=0)


def brotlied(body: bytes, own: Sequence[bytes] = ()) -> bytes:
    """Return a body in brotli.

    `own` are strings without which the body would be the same for many, its nonce for one. It is then compressed once
    with others in their places, that stand in what comes of it as they are, and those are exchanged. A string of at
    most 64 letters; one that occurs more than once ends in the same two letters in every body.
    """
    stand_ins = tuple(_stand_in(at, each, body.count(each)) for at, each in enumerate(own))
    is_shared = len(own) > 0 and all(each in body and len(each) <= 64 for each in own)
    packed = _packed(_exchanged(body, own, stand_ins), stand_ins) if is_shared else None
    if packed is None:
        alone: bytes = brotli.compress(body, quality=QUALITY, lgwin=WINDOW)
        return alone
    return _exchanged(packed, stand_ins, own)


@lru_cache(REMEMBERED)
def _packed(body: bytes, stand_ins: Sequence[bytes]) -> bytes | None:
    """Return a body in which the first of each stand-in has a block to itself and the others are copied from there.

    None if that is not how it came out: then it could not be exchanged.
    """
    compressor, packed, at = brotli.Compressor(quality=BEST, lgwin=WINDOW), b"", 0
    for begins, length in sorted((body.index(each), len(each)) for each in stand_ins):
        for end in (begins, begins + length + _TAIL):
            packed += compressor.process(body[at:end]) + compressor.flush()
            at = end
    packed += compressor.process(body[at:]) + compressor.finish()
    others = [b"#" * len(each) for each in stand_ins]  # to their last letter: what is not copied whole would show
    try:
        came_out = brotli.decompress(_exchanged(packed, stand_ins, others))
    except brotli.error:
        return None
    return packed if came_out == _exchanged(body, stand_ins, others) else None


def _stand_in(number: int, of: bytes, times: int) -> bytes:
    """Return letters that occur nowhere else: no two of them follow one another in UTF-8, nor in another stand-in."""
    letters = bytes(0xC0 + (2 * number + 11) * each % 64 for each in range(len(of)))
    return letters if times == 1 else letters[:-_TAIL] + of[-_TAIL:]


def _exchanged(whole: bytes, old: Sequence[bytes], new: Sequence[bytes]) -> bytes:
    for this, that in zip(old, new, strict=True):
        whole = whole.replace(this, that)
    return whole
