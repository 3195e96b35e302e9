"""A list's form as HTML for another site: no script, no style sheet, nothing that has to be there besides."""

from django.conf import settings
from django.forms import CheckboxSelectMultiple, RadioSelect
from django.template.loader import render_to_string
from django.urls import reverse

from subscribers.brand import brand_of
from subscribers.colours import text_on
from subscribers.language import speaking, spoken
from subscribers.models import MailingList
from subscribers.public_page import published_name
from subscribers.sign_up.form import SignUpForm

FIELD_STYLE = "box-sizing: border-box; width: 100%; min-height: 2.5rem; padding: .4rem .6rem; font: inherit;"
PLAIN = "#24596b"
"""The colour of a list that nothing is published to."""


def form_url(mailing_list: MailingList) -> str:
    """The address of a list's form, and what an embedded one posts to."""
    return settings.PUBLIC_URL + reverse("subscribers:sign_up", args=[mailing_list.slug])


def embeddable(mailing_list: MailingList) -> str:
    """The form as HTML, in the newsletter's language. It says which version of the wording it shows, so the record
    of consent stays right where a site keeps an old copy."""
    brand = brand_of(mailing_list.pk)
    language = spoken(brand.language if brand else "")
    colour = brand.colour if brand else PLAIN
    with speaking(language):
        html = render_to_string(
            "public/sign_up_embed.html",
            {
                "language": language,
                "name": published_name(mailing_list, brand),
                "form": _styled(SignUpForm(mailing_list, auto_id=f"sign-up-{mailing_list.slug}-%s")),
                "url": form_url(mailing_list),
                "colour": colour,
                "on_colour": text_on(colour),
            },
        )
    # Templates leave empty lines where they decide something.
    return "\n".join(line for line in html.splitlines() if line.strip()) + "\n"


def _styled(form: SignUpForm) -> SignUpForm:
    """The form with fields that fit their column; boxes to tick keep their size."""
    for field in form.fields.values():
        if not isinstance(field.widget, CheckboxSelectMultiple | RadioSelect):
            field.widget.attrs["style"] = FIELD_STYLE
    return form
