"""Stories become an edition: one pure function from an issue's content to HTML, text, merge tags and links."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from mailer.issues.builder.content import BuildError, Edition, IssueContent, NewsletterContent, StoryContent
from mailer.issues.builder.escape import many_lines, one_line
from mailer.issues.builder.expressions import LINK_NAMES, Expression
from mailer.issues.builder.fields import FieldReader
from mailer.issues.builder.links import fill_slots, resolve_html, tracked_links
from mailer.issues.builder.look import look_for
from mailer.issues.builder.markdown import MarkdownStyle, change_links, html_of, links_of, parse_markdown
from mailer.issues.builder.placeholders import Placeholders, choose_nonce
from mailer.issues.builder.plaintext import Notes, TextStory, text_of, text_part
from mailer.issues.builder.script import is_language
from mailer.issues.builder.theme import compile_mjml, is_theme, render_theme, unknown_theme
from mailer.issues.builder.utm import PLACEHOLDERS, UtmLinks, problem_of, utm_links
from mailer.issues.builder.words import Words, words_for
from subscribers.colours import is_colour

# Far beyond what a mail program shows; each story takes two placeholders of the thousand that there are.
MOST_STORIES = 200
# Invisible characters behind the preheader, so that a mail program's preview does not go on with the body.
_PREHEADER_PAD = "\u034f\u200c\u00a0" * 90


def build(issue: IssueContent) -> Edition:
    """Return the edition with exactly the stories given; the same issue gives the same bytes.

    Raises BuildError with every problem found in the content, or else with those of the theme.
    """
    draft = _read(issue)
    newsletter, placeholders = issue.newsletter, draft.placeholders
    words = words_for(newsletter.language)
    compiled = compile_mjml(_mjml(issue, draft, words))
    return Edition(
        story_ids=tuple(story.id for story in issue.stories),
        language=newsletter.language,
        subject=placeholders.in_subject(draft.subject),
        preheader=placeholders.in_text(draft.preheader),
        html=resolve_html(fill_slots(compiled, placeholders), placeholders),
        text=_text(issue, draft, words),
        links=tracked_links(compiled, placeholders),
        # Last, because all that is resolved above is what decides which tags there are.
        tags=placeholders.tags(),
    )


@dataclass(frozen=True, slots=True)
class _Story:
    id: int
    headline: str
    body: Sequence[Token]
    link: str
    link_label: str
    image: str
    image_alt: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    placeholders: Placeholders
    subject: str
    preheader: str
    intro: Sequence[Token]
    stories: tuple[_Story, ...]
    outro: Sequence[Token]
    call_label: str
    call_link: str
    links: dict[str, str]


def _read(issue: IssueContent) -> _Draft:
    newsletter = issue.newsletter
    placeholders = Placeholders(choose_nonce(repr(issue)))
    facts = {
        "issue": {"number": issue.number, "date": words_for(newsletter.language).written_date(issue.date)},
        "newsletter": {
            name: getattr(newsletter, name) for name in ("from_name", "name", "tagline", "website")
        },
    }
    reader = FieldReader(placeholders, facts)
    _check_newsletter(newsletter, reader)
    utm = utm_links(issue)
    draft = _Draft(
        placeholders=placeholders,
        subject=reader.line(issue.subject, "subject"),
        preheader=reader.line(issue.preheader, "preheader"),
        intro=_markdown(reader, issue.intro, "intro", utm),
        stories=tuple(
            _read_story(reader, story, f"story {at}", utm, story.position or at)
            for at, story in enumerate(issue.stories, start=1)
        ),
        outro=_markdown(reader, issue.outro, "outro", utm),
        call_label=reader.line(issue.call_to_action_label, "call to action, label"),
        call_link=utm.add(reader.url(issue.call_to_action_link, "call to action, link")),
        links={name: placeholders.tag(Expression(f"links.{name}", "recipient", name)) for name in LINK_NAMES},
    )
    if not issue.stories:
        reader.report("no_stories", "there is nothing to send: give the issue at least one story", "stories")
    if len(issue.stories) > MOST_STORIES:
        reader.report("too_many_stories", f"an issue may hold {MOST_STORIES} stories: remove some", "stories")
    if reader.problems:
        raise BuildError(tuple(reader.problems))
    return draft


def _check_newsletter(newsletter: NewsletterContent, reader: FieldReader) -> None:
    if not newsletter.theme_files and not is_theme(newsletter.theme):
        reader.problems.append(unknown_theme(newsletter.theme))
    if not is_language(newsletter.language):
        reader.report(
            "language",
            f"{newsletter.language!r} is not a language tag: write for instance en or zh-Hans",
            "newsletter",
        )
    for colour in filter(None, (newsletter.colour or "none", newsletter.page_colour)):
        if not is_colour(colour):
            reader.report("colour", f"{colour!r} is not a colour: write for instance #b3261e", "newsletter")
    reader.image_url(newsletter.logo, "newsletter, logo")
    for name in PLACEHOLDERS:
        if problem := problem_of(name, getattr(newsletter.utm, name)):
            reader.report("utm", problem, f"newsletter, utm_{name}")


def _read_story(reader: FieldReader, story: StoryContent, where: str, utm: UtmLinks, number: int) -> _Story:
    return _Story(
        id=story.id,
        headline=reader.line(story.headline, f"{where}, headline"),
        body=_markdown(reader, story.body, f"{where}, body", utm, number),
        link=utm.add(reader.url(story.link, f"{where}, link"), number),
        link_label=reader.line(story.link_label, f"{where}, link label"),
        image=reader.image_url(story.image, f"{where}, image"),
        image_alt=reader.line(story.image_alt, f"{where}, image alt"),
        topics=tuple(one_line(topic) for topic in story.topics),
    )


def _markdown(
    reader: FieldReader, source: str, where: str, utm: UtmLinks, story: int | None = None
) -> Sequence[Token]:
    tokens = parse_markdown(reader.lines(source, where))
    for link in links_of(tokens):
        place = f"{where}, line {link.line}"
        if link.image:
            reader.report(
                "markdown_image",
                "an image cannot stand in the text: give it to the story as its image",
                place,
            )
        else:
            reader.check_url(link.url, place)
    change_links(tokens, lambda url: utm.add(url, story))
    return tokens


def _mjml(issue: IssueContent, draft: _Draft, words: Words) -> str:
    newsletter = issue.newsletter
    look = look_for(
        newsletter.theme, newsletter.language, newsletter.colour, newsletter.page_colour, newsletter.font
    )
    style = MarkdownStyle(look.link, look.direction == "rtl")

    def slot(tokens: Sequence[Token], story_id: int | None = None) -> str:
        written = html_of(tokens, style)
        return draft.placeholders.slot(written, story_id) if written else ""

    stories = [
        {
            "number": number,
            "headline": story.headline,
            "body": slot(story.body, story.id),
            "link": draft.placeholders.slot(html.escape(story.link), story.id) if story.link else "",
            "link_label": story.link_label or words.read_more,
            "image": story.image,
            "image_alt": story.image_alt,
            "topics": story.topics,
        }
        for number, story in enumerate(draft.stories, start=1)
    ]
    values = {
        "language": newsletter.language,
        "look": look,
        "words": {
            "view": words.view,
            "unsubscribe": words.unsubscribe,
            "preferences": words.preferences,
            "because": words.reason(one_line(newsletter.name)),
            "issue": words.issue_number(issue.number),
        },
        "links": draft.links,
        "newsletter": {
            "name": one_line(newsletter.name),
            "tagline": one_line(newsletter.tagline),
            "website": one_line(newsletter.website),
            "from_name": one_line(newsletter.from_name),
            "logo": one_line(newsletter.logo),
            "address": _address(newsletter),
        },
        "number": issue.number,
        "date": words.written_date(issue.date),
        "subject": draft.subject,
        "preheader": draft.preheader + _PREHEADER_PAD,
        "intro": slot(draft.intro),
        "stories": stories,
        "outro": slot(draft.outro),
        "call_to_action": {"label": draft.call_label, "link": draft.call_link} if draft.call_link else None,
    }
    return render_theme(newsletter.theme, values, files=newsletter.theme_files)


def _text(issue: IssueContent, draft: _Draft, words: Words) -> str:
    newsletter, placeholders = issue.newsletter, draft.placeholders
    notes = Notes(placeholders.in_text_url)

    def labelled(label: str, url: str) -> str:
        return f"{label}: {placeholders.in_text_url(url)}" if url else ""

    intro = text_of(draft.intro, notes)
    stories = [
        TextStory(
            story.headline,
            story.topics,
            text_of(story.body, notes),
            labelled(story.link_label or words.read_more, story.link),
        )
        for story in draft.stories
    ]
    written = text_part(
        head=[
            one_line(newsletter.name),
            one_line(newsletter.tagline),
            f"{words.issue_number(issue.number)} · {words.written_date(issue.date)}",
        ],
        intro=intro,
        stories=stories,
        outro=text_of(draft.outro, notes),
        action=labelled(draft.call_label, draft.call_link),
        foot=[
            words.reason(one_line(newsletter.name)),
            *(
                labelled(getattr(words, name), draft.links[name])
                for name in ("unsubscribe", "preferences", "view")
            ),
            "",
            *_address(newsletter),
        ],
    )
    return placeholders.in_text(written)


def _address(newsletter: NewsletterContent) -> tuple[str, ...]:
    return tuple(line.strip() for line in many_lines(newsletter.postal_address).split("\n") if line.strip())
