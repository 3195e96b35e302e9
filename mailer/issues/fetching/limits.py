"""How much, how long and what may come."""

from dataclasses import dataclass

_XML = frozenset({"application/xml", "text/xml"})


@dataclass(frozen=True)
class Limits:
    """Attributes:
    seconds: for everything, redirects and the names of hosts included.
    size: bytes of the body once it is decompressed.
    redirects: how many are followed.
    types: media types that may come, such as `text/html` or `image/*`; empty: the body does not matter, and is not read.
    cut: whether of a body that is larger than `size` its beginning is enough; else it is an error.
    """

    seconds: float = 10.0
    size: int = 1024 * 1024
    redirects: int = 5
    types: frozenset[str] = frozenset()
    cut: bool = False

    def allows(self, media_type: str) -> bool:
        """Whether a body of this type may come."""
        return media_type in self.types or f"{media_type.partition('/')[0]}/*" in self.types


PAGE = Limits(types=frozenset({"text/html", "application/xhtml+xml"}), cut=True)
"""A web page, of whose beginning the metadata are read."""
FEED = Limits(
    size=4 * 1024 * 1024,
    types=_XML
    | {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/octet-stream"}
    | {"text/html", "text/plain"},
)
"""A feed. Many are served as plain text or as a page."""
PICTURE = Limits(
    size=10 * 1024 * 1024, types=frozenset({"image/*", "application/octet-stream", "binary/octet-stream"})
)
"""A picture, which is looked at again when it is written anew."""
ANYTHING = Limits()
"""Whether something answers: the body is not read."""
