"""The skeleton of an HTML document: its tags and attribute names, without texts and values."""

from html.parser import HTMLParser


def skeleton(html: str) -> list[tuple[str, ...]]:
    """Return what a value put into the HTML must not be able to change."""
    reader = _Skeleton()
    reader.feed(html)
    reader.close()
    return reader.seen


def hrefs(html: str) -> list[str]:
    """Return the addresses of all links, unescaped."""
    reader = _Skeleton()
    reader.feed(html)
    reader.close()
    return reader.hrefs


def visible_text(html: str) -> str:
    """Return all text of the document."""
    reader = _Skeleton()
    reader.feed(html)
    reader.close()
    return reader.text


class _Skeleton(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, ...]] = []
        self.hrefs: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, *(name for name, _ in attrs)))
        self.hrefs += [value or "" for name, value in attrs if tag == "a" and name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(("/" + tag,))

    def handle_comment(self, data: str) -> None:
        self.seen.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.seen.append(("declaration", decl))

    def handle_data(self, data: str) -> None:
        self.text += data
