"""The rendered edition: its size, its text part, and what the law and the receivers want in every mail."""

import html
from collections.abc import Iterator
from html.parser import HTMLParser

from mailer.issues.builder.content import Edition, IssueContent, PersonalisedMail
from mailer.issues.builder.theme import check_files, check_theme
from mailer.issues.lint.findings import Finding, error, warning
from mailer.issues.lint.links import address_problem
from mailer.issues.lint.stories import is_safe_image

# Gmail cuts near 102 KB; 99 KB was seen cut once links were rewritten for click tracking.
SIZE_WARNS_FROM = 90_000
SIZE_BLOCKS_FROM = 100_000
# SendGrid takes 10,000 bytes of substitutions per recipient, and refusals were seen from about 8,000.
MOST_SUBSTITUTION_BYTES = 8_000
MOST_TRACKED_LINKS = 1_000


def check_size(edition: Edition, typical: PersonalisedMail, substitutions: int) -> Iterator[Finding]:
    """Yield findings about bytes; `substitutions` is what a typical recipient's tags take."""
    size = max(len(edition.html.encode()), len(typical.html.encode()))
    if size >= SIZE_BLOCKS_FROM:
        yield error(
            "size_clipped",
            f"the HTML is {size / 1000:.1f} KB and Gmail would cut off its end with the unsubscribe link: "
            "shorten or remove stories",
            "HTML",
        )
    elif size >= SIZE_WARNS_FROM:
        yield warning(
            "size_near_clip", f"the HTML is {size / 1000:.1f} KB; Gmail cuts at about 102: shorten it", "HTML"
        )
    if substitutions > MOST_SUBSTITUTION_BYTES:
        yield error(
            "substitutions_large",
            f"the tags take {substitutions} bytes of 8,000 for each recipient: use fewer",
            "tags",
        )
    if len(edition.links) > MOST_TRACKED_LINKS:
        yield error(
            "too_many_links", f"there are {len(edition.links)} tracked links of 1,000: remove some", "HTML"
        )


def check_duties(issue: IssueContent, edition: Edition) -> Iterator[Finding]:
    """Yield findings about the text part, the postal address and the links every mail must carry."""
    if not edition.text.strip():
        yield error("text_missing", "there is no text part: build the issue again", "text")
    address = [line.strip() for line in issue.newsletter.postal_address.splitlines() if line.strip()]
    if not address:
        yield error(
            "address_missing",
            "the law wants a postal address in every mail: write it",
            "newsletter, postal address",
        )
    shown = html.unescape(edition.html)
    if any(line not in shown for line in address):
        yield error(
            "address_missing", "the theme does not show the postal address: add newsletter.address", "theme"
        )
    for name in ("unsubscribe", "preferences", "view"):
        keys = {tag.context: tag.key for tag in edition.tags if tag.expression == f"links.{name}"}
        in_html = "html" in keys and f' href="{keys["html"]}"' in edition.html
        in_text = "text" in keys and keys["text"] in edition.text
        if in_html and in_text:
            continue
        level = error if name == "unsubscribe" else warning
        part = "text part" if in_html else "HTML"
        yield level(
            f"{name}_missing", f"the {part} has no {name} link: put links.{name} into the theme", part
        )


def check_html(issue: IssueContent, edition: Edition, site: str) -> Iterator[Finding]:
    """Yield findings about the HTML that no field of the issue can be blamed for, and about the theme."""
    theme = issue.newsletter
    for problem in check_files(theme.theme_files) if theme.theme_files else check_theme(theme.theme):
        yield error(problem.code, problem.message, problem.where)
    reader = _Reader()
    reader.feed(edition.html)
    reader.close()
    keys = {tag.key for tag in edition.tags}
    for url in reader.links:
        unfit = None if url in keys else address_problem(url, "a link")
        if unfit:
            yield error(*unfit, "HTML")
    for source, alt in reader.images:
        if not is_safe_image(source, site):
            yield error(
                "image_insecure", f"an image ({source}) is not https: write an https:// address", "HTML"
            )
        if alt is None:
            yield error("alt_missing", f"an image ({source}) has no alt at all: add it in the theme", "HTML")
    if not reader.language or not reader.direction:
        yield warning(
            "language_missing", "<html> says no lang or dir: set them on <mjml> in the theme", "HTML"
        )
    if not reader.title.strip() and edition.subject.strip():
        yield warning("title_missing", "the HTML has no title: add <mj-title> to the theme", "HTML")
    if "color-scheme" not in reader.metas:
        yield warning(
            "dark_mode_missing", "the HTML does not say color-scheme: add base/head.mjml to the theme", "HTML"
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.images: list[tuple[str, str | None]] = []
        self.metas: set[str] = set()
        self.language = ""
        self.direction = ""
        self.title = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        match tag:
            case "html":
                self.language, self.direction = attributes.get("lang") or "", attributes.get("dir") or ""
            case "a":
                self.links.append(attributes.get("href") or "")
            case "img":
                self.images.append((attributes.get("src") or "", attributes.get("alt")))
            case "meta":
                self.metas.add(attributes.get("name") or "")
        self._in_title = tag == "title"

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
