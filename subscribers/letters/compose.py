"""Putting a letter into words when it leaves: from the newest truth, in the reader's language and the brand's colour."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import mjml
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from subscribers import tokens
from subscribers.brand import Brand
from subscribers.colours import readable_on, text_on
from subscribers.language import speaking, spoken
from subscribers.letters.moot import change_of, expires_at, why_moot
from subscribers.letters.wording import words_for
from subscribers.models import Letter, LetterKind
from subscribers.text import one_line
from subscribers.tokens import Scope

DATA_LINK_LASTS = timedelta(days=2)
"""How long the links to one's data and to its erasure are good, from when the letter leaves."""
LIGHT, DARK = "#ffffff", "#1c1f23"
"""What the text stands on."""


@dataclass(frozen=True)
class Composed:
    """A letter as it goes out."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Link:
    """Where a letter leads; "" for nowhere. `expires` is None where the link stays good."""

    url: str
    expires: datetime | None = None


def compose(letter: Letter, brand: Brand, now: datetime | None = None) -> Composed | None:
    """A letter in words; None when it is moot by now (see moot.py, which says why).

    Raises:
        ValueError: what a newsletter says of itself cannot be made into a mail.
    """
    moment = now or timezone.now()
    if why_moot(letter, moment):
        return None
    link = _link(letter, moment)
    language = spoken(letter.subscriber.language, brand.language)
    with speaking(language):
        lasts = link.expires - moment if link.expires else None
        words = words_for(LetterKind(letter.kind), brand.name, lasts)
        shown = {
            "language": language,
            "brand": brand,
            "words": words,
            "url": link.url,
            "light_colour": readable_on(brand.colour, LIGHT),
            "dark_colour": readable_on(brand.colour, DARK),
            "on_colour": text_on(brand.colour),
        }
        text = render_to_string("letters/letter.txt", shown)
        source = render_to_string("letters/letter.mjml", shown)
    # A newsletter's name may hold a line break, a header may not.
    return Composed(one_line(words.subject), text.strip() + "\n", mjml.mjml2html(source))


def _link(letter: Letter, moment: datetime) -> Link:
    match LetterKind(letter.kind):
        case LetterKind.CONFIRM:
            return _until("confirm", Scope.CONFIRM, letter, expires_at(letter))
        case LetterKind.ADDRESS:
            change = change_of(letter)
            url = _url("address", Scope.ADDRESS, letter, letter.reference or 0)
            return Link(url, change.expires_at if change else None)
        case LetterKind.MOVED:  # whoever reads mail there may not be the subscriber any more
            return Link("")
        case LetterKind.EXPORT:
            return _until("data", Scope.EXPORT, letter, moment + DATA_LINK_LASTS)
        case LetterKind.ERASE:
            return _until("erase", Scope.ERASE, letter, moment + DATA_LINK_LASTS)
        case LetterKind.ALREADY | LetterKind.LINK:
            return Link(_url("p", Scope.MANAGE, letter, 0))


def _until(page: str, scope: Scope, letter: Letter, expires: datetime) -> Link:
    return Link(_url(page, scope, letter, int(expires.timestamp())), expires)


def _url(page: str, scope: Scope, letter: Letter, origin: int) -> str:
    token = tokens.make(scope, letter.mailing_list_id, letter.subscriber_id, origin)
    return f"{settings.PUBLIC_URL}/{page}/{token}"
