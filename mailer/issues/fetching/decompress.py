"""A body as it came, decompressed step by step, so that a small one never becomes a huge one in memory."""

import zlib
from collections.abc import Iterable, Iterator

from mailer.issues.fetching.errors import FetchError

ACCEPTED = "gzip, deflate"
"""What the server may use; see RFC 9110 8.4.1."""
_STEP = 64 * 1024
"""Bytes that one step gives at most."""


def decompress(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The body in pieces of at most _STEP bytes each.

    Args:
        chunks: as they came.
        encoding: the value of Content-Encoding.
    Raises:
        FetchError: `broken`, where the encoding is another one or the bytes are none of it.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from chunks
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise FetchError("broken", f"The answer is compressed in a way that was not asked for ({encoding}).")
    # 32: whether it is gzip or zlib is seen by its first bytes.
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        for chunk in chunks:
            if inflate.eof:  # what comes behind the end says nothing
                return
            rest = chunk
            while rest:
                yield inflate.decompress(rest, _STEP)
                rest = inflate.unconsumed_tail
        while more := inflate.decompress(inflate.unconsumed_tail, _STEP):
            yield more
    except zlib.error as error:
        raise FetchError("broken", "The answer is compressed, and cannot be decompressed.") from error
