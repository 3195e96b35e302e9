"""UTM parameters: what a newsletter's settings add to the links of an issue, so that web analytics tell its readers apart.

Names and meaning: https://support.google.com/analytics/answer/10917952
"""

import re
from dataclasses import asdict, dataclass
from urllib.parse import quote, unquote_plus

from mailer.issues.builder.content import IssueContent, Utm

PLACEHOLDERS = {
    "source": (),
    "medium": (),
    "campaign": ("newsletter", "issue", "date"),
    "content": ("story",),
}
"""What the setting of each parameter may hold in braces."""
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
# Analytics programs write a space as %20 here and as + there; what has none is one value everywhere.
_UNFIT = re.compile(r"[^\w.~:-]")
_WEB = re.compile(r"https?://[^/?#]", re.IGNORECASE)


def problem_of(name: str, written: str) -> str:
    """What is wrong with the setting of a parameter and what to write instead; "" when it is right.

    Args:
        name: one of PLACEHOLDERS.
    """
    known = PLACEHOLDERS[name]
    for found in _PLACEHOLDER.finditer(written):
        if found[1] not in known:
            may = " and ".join(f"{{{each}}}" for each in known) or "no placeholder"
            return f"utm_{name} cannot hold {found[0]}: it may hold {may}."
    rest = _PLACEHOLDER.sub("", written)
    if "{" in rest or "}" in rest:
        example = f"{{{known[0]}}}" if known else "the word itself"
        return f"utm_{name} has a brace that belongs to no placeholder: write {example}."
    if unfit := _UNFIT.search(rest):
        shown = "a space" if unfit[0].isspace() else unfit[0] if unfit[0].isprintable() else "a control"
        return f"utm_{name} cannot hold {shown}: write letters, digits and - _ . ~ : only, such as weekly-digest."
    return ""


def needs_source(utm: Utm) -> bool:
    """Whether parameters are set that are added to nothing, because utm_source is empty."""
    return not utm.source and any((utm.medium, utm.campaign, utm.content))


@dataclass(frozen=True, slots=True)
class UtmLinks:
    """Adds the parameters of one issue to its links. With an empty source it adds nothing."""

    utm: Utm
    values: dict[str, str]
    """By placeholder, but for that of the story."""

    def add(self, url: str, story: int | None = None) -> str:
        """The address of a link with the parameters that it does not have yet.

        Nothing else in it is changed. What is not http or https stays as it is, and so does a recipient's own link,
        which is nothing but a tag.

        Args:
            url: it may hold placeholders of merge tags.
            story: the number in the issue of the story in which it stands; None outside of stories, where a parameter
                that names the story is left out.
        """
        if not _WEB.match(url):
            return url
        address, sharp, fragment = url.partition("#")
        start, _, query = address.partition("?")
        there = {unquote_plus(part.partition("=")[0]) for part in re.split("[&;]", query)}
        added = "&".join(
            f"{name}={quote(value, safe='')}"
            for name, value in self.parameters(story).items()
            if name not in there
        )
        if not added:
            return url
        joint = "&" if query and not query.endswith("&") else ""
        return f"{start}?{query}{joint}{added}{sharp}{fragment}"

    def parameters(self, story: int | None = None) -> dict[str, str]:
        """Names and values of the parameters of a link in a story, or outside of all."""
        found = self.shown()
        if story is None:
            return {name: value for name, value in found.items() if "{story}" not in value}
        return {name: value.replace("{story}", str(story)) for name, value in found.items()}

    def shown(self) -> dict[str, str]:
        """Names and values as people are told of them, {story} standing for the number of each story."""
        if not self.utm.source:
            return {}
        return {
            f"utm_{name}": _PLACEHOLDER.sub(lambda found: self.values.get(found[1], found[0]), written)
            for name, written in asdict(self.utm).items()
            if written
        }


def utm_links(issue: IssueContent) -> UtmLinks:
    """What adds an issue's parameters. Its newsletter's settings must have no problem."""
    values = {
        "newsletter": issue.newsletter.slug,
        "issue": str(issue.number),
        "date": issue.date.isoformat(),
    }
    return UtmLinks(issue.newsletter.utm, values)
