"""The box to sign up with: the form of the newsletter's list, shortened to what it cannot do without.

It asks for the address and for the fields of its own that the list needs; all else can be chosen later, in the
preferences. It posts to the form's own page, which shows what needs another look.
"""

from dataclasses import dataclass

from django.forms import BoundField

from mailer.archive.addresses import sign_up_url
from mailer.issues.models import Newsletter
from subscribers.language import speaking, spoken
from subscribers.models import Wording
from subscribers.sign_up.form import HONEYPOT, SignUpForm
from subscribers.sign_up.settings import origin_of


@dataclass(frozen=True)
class SignUpBox:
    """What the box shows.

    Attributes:
        fields: of the list's own, those it needs.
        wording: what people agree to.
        leads_to: the origin of the page that comes after it; "" for one of this site.
    """

    url: str
    fields: tuple[BoundField, ...]
    wording: Wording
    honeypot: str
    leads_to: str


def box_of(newsletter: Newsletter) -> SignUpBox | None:
    """The box of a newsletter; None where nobody can sign up for its list."""
    mailing_list = newsletter.mailing_list
    if not mailing_list.sign_up_open:
        return None
    with speaking(spoken(newsletter.language)):
        form = SignUpForm(mailing_list, auto_id="sign-up-%s")
        wording = form.shown_wording
        if wording is None:
            return None
        return SignUpBox(
            url=sign_up_url(mailing_list),
            fields=tuple(field for field in form.own_fields if field.field.required),
            wording=wording,
            honeypot=HONEYPOT,
            leads_to=origin_of(mailing_list.sign_up_next) if mailing_list.sign_up_next else "",
        )
