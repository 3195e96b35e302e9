"""What goes into the builder and what comes out of it: plain frozen data, no database."""

import datetime
from dataclasses import dataclass
from typing import Literal

Context = Literal["html", "text", "subject", "url"]
LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
"""What the address of a link may begin with; everything else could run code or load from elsewhere."""


@dataclass(frozen=True, slots=True)
class StoryContent:
    """One item of an issue. `body` is Markdown; `image` is an absolute https URL or empty.

    `position` is its number in the whole issue, which it keeps in an edition with fewer stories; 0 stands for its
    place among those given.
    """

    id: int
    headline: str
    body: str
    link: str = ""
    link_label: str = ""
    image: str = ""
    image_alt: str = ""
    topics: tuple[str, ...] = ()
    for_everyone: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class Utm:
    """UTM parameters of links as a newsletter's settings write them, placeholders in braces; see utm.py."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class NewsletterContent:
    """The publication: `language` is BCP 47, `colour` is `#rrggbb`, the address has several lines.

    `page_colour` is `#rrggbb` or empty, `font` one that look.py knows or empty: the theme's then. `theme_files` are the
    templates of a theme of its own, source by file name, and stand in place of `theme`.
    """

    name: str
    theme: str
    language: str
    from_name: str
    from_email: str
    website: str
    postal_address: str
    colour: str
    logo: str = ""
    tagline: str = ""
    slug: str = ""
    utm: Utm = Utm()
    page_colour: str = ""
    font: str = ""
    theme_files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IssueContent:
    """One issue as its editors wrote it; `intro` and `outro` are Markdown."""

    newsletter: NewsletterContent
    number: int
    date: datetime.date
    subject: str
    preheader: str
    intro: str
    stories: tuple[StoryContent, ...]
    outro: str = ""
    call_to_action_label: str = ""
    call_to_action_link: str = ""


@dataclass(frozen=True, slots=True)
class MergeTag:
    """A place in an edition that differs per recipient: `key` stands in it literally, once per context."""

    key: str
    expression: str
    context: Context


@dataclass(frozen=True, slots=True)
class EditionLink:
    """A link that is tracked. `position` counts the edition's tracked links from 1, top to bottom.

    A merge tag in `url` stands there as {{ expression }}: the address is the same in every edition.
    """

    url: str
    story_id: int | None
    label: str
    position: int


@dataclass(frozen=True, slots=True)
class Edition:
    """One rendering of an issue. Subject, preheader, HTML and text still hold the keys of `tags`."""

    story_ids: tuple[int, ...]
    language: str
    subject: str
    preheader: str
    html: str
    text: str
    tags: tuple[MergeTag, ...]
    links: tuple[EditionLink, ...]


@dataclass(frozen=True, slots=True)
class PersonalisedMail:
    """An edition as one recipient sees it."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an issue cannot be built: a stable code, what to do, and where ("story 3, body, line 2")."""

    code: str
    message: str
    where: str


class BuildError(Exception):
    """The issue cannot be built; `problems` lists every reason found, in the order of the issue."""

    code = "build_failed"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.where}: {problem.message}" for problem in problems))
