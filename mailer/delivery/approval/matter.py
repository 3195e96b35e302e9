"""What somebody approves, content and audience, in one canonical form, and its fingerprint.

In it is all that decides what readers get and who they are: the issue as the builder takes it, with the sources of its
theme, the address that replies go to, every subject of an A/B test, the list, and the rules of the segments in and out,
with the segments and snapshots that they name. Not in it is what changes neither:
the moment, the pace, the share and the length of a test, and which of its subjects won.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from mailer.delivery.audience import Audience, Part, audience_of
from mailer.delivery.models import Send
from mailer.delivery.variants import contents, test_of
from mailer.issues.builder.content import IssueContent
from mailer.issues.builder.theme import THEMES
from mailer.issues.content import content_of
from mailer.issues.models import Issue
from subscribers.models import Segment, Snapshot
from subscribers.segments import SegmentError, parse
from subscribers.segments.references import SegmentCondition, SnapshotCondition
from subscribers.segments.rule import conditions

Subjects = Sequence[tuple[str, str]]
"""Subject and preheader of each variant; one pair without an A/B test."""


@dataclass(frozen=True)
class Matter:
    """Content and audience of a send.

    Args:
        document: of JSON values, the same for the same matter.
        audience: in words.
    """

    document: Mapping[str, Any]
    audience: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the document, in hexadecimal digits."""
        written = json.dumps(self.document, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return sha256(written.encode()).hexdigest()


def matter_of(send: Send, variants: Sequence[IssueContent] | None = None) -> Matter:
    """What a send is of.

    Args:
        variants: the issue in each variant, as the plan reads it; None reads it now.
    """
    found = contents(send) if variants is None else variants
    reply_to = send.issue.newsletter.reply_to
    return _matter(found[0], reply_to, _subjects(send, found), audience_of(send), send.mailing_list_id)


def hold_segments(audience: Audience) -> None:
    """Nobody changes or deletes a segment that the audience's rules name before the transaction ends."""
    while True:
        slugs = _named(audience)["segments"].keys()
        list(Segment.objects.select_for_update(no_key=True).filter(slug__in=list(slugs)).order_by("slug"))
        # Who held one before may have made it name others.
        if _named(audience)["segments"].keys() <= slugs:
            return


def current_matter(issue: Issue) -> Matter:
    """What goes out if the issue is sent now: as its newest send is arranged, else to everybody on the list."""
    send = issue.sends.order_by("-id").first()
    if send is not None:
        return matter_of(send)
    content = content_of(issue)
    own = [(content.subject, content.preheader)]
    newsletter = issue.newsletter
    return _matter(content, newsletter.reply_to, own, Audience(), newsletter.mailing_list_id)


def _matter(
    content: IssueContent, reply_to: str, subjects: Subjects, audience: Audience, list_id: int
) -> Matter:
    issue = asdict(content)
    for each in ("subject", "preheader"):
        del issue[each]
    issue["date"] = content.date.isoformat()
    document = {
        "issue": issue,
        "theme": "" if content.newsletter.theme_files else _built_in(content.newsletter.theme),
        "reply_to": reply_to,
        "subjects": [list(pair) for pair in subjects],
        "audience": {
            "list": list_id,
            "parts": [_part(part) for part in audience.parts],
            **_named(audience),
        },
    }
    # Through JSON once, so that it equals what the database gives back.
    return Matter(json.loads(json.dumps(document)), str(audience))


def _subjects(send: Send, variants: Sequence[IssueContent]) -> Subjects:
    """The subjects of a send. One to those who have not got an issue takes the subject that won, and whoever approved
    the test approved each of them."""
    own = [(content.subject, content.preheader) for content in variants]
    first = send
    while first.previous:
        first = first.previous
    if first != send:
        tried = [(variant.subject, variant.preheader) for variant in first.variants.all()]
        return tried if set(own) <= set(tried) else own
    test = test_of(send)
    if test and send.planned_at is None:  # its rows may be older than the issue's subject
        return test.variants((send.issue.subject, send.issue.preheader))
    return own


def _part(part: Part) -> dict[str, Any]:
    kind = "segment" if isinstance(part.source, Segment) else "snapshot"
    return {"kind": kind, "id": part.source.pk, "out": part.out, "rule": part.rule}


def _named(audience: Audience) -> dict[str, Any]:
    """The rules of segments, and the numbers of snapshots, that the parts' rules name: what is called so at the plan counts."""
    segments: dict[str, Any] = {}
    snapshots: dict[str, int | None] = {}
    open_ = [part.rule for part in audience.parts if not isinstance(part.source, Snapshot)]
    while open_:
        rule = open_.pop()
        for slug in _slugs_in(rule, SnapshotCondition) - snapshots.keys():
            snapshots[slug] = Snapshot.objects.filter(slug=slug).values_list("pk", flat=True).first()
        for slug in _slugs_in(rule, SegmentCondition) - segments.keys():
            segment = Segment.objects.filter(slug=slug).first()
            segments[slug] = segment.rule if segment else None
            if segment:
                open_.append(segment.rule)
    return {"segments": segments, "snapshots": snapshots}


def _slugs_in(rule: Any, kind: type[SegmentCondition] | type[SnapshotCondition]) -> set[str]:
    try:
        return {each.slug for each in conditions(parse(rule).root) if isinstance(each, kind)}
    except SegmentError:  # the plan says so
        return set()


@cache
def _built_in(theme: str) -> str:
    """The hash of a built-in theme's sources, which only change with a new version of the system."""
    sources = sha256()
    for path in sorted([*(THEMES / "base").glob("*"), *(THEMES / theme).glob("*")]):
        if path.is_file():
            sources.update(f"{path.parent.name}/{path.name}\0".encode() + path.read_bytes() + b"\0")
    return sources.hexdigest()
