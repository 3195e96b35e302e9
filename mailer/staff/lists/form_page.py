"""The page of a list's sign-up form: its settings with a preview, and what a site needs to show it."""

from typing import Any

import orjson
from django.conf import settings as site
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.lists.settings import BLANK, Settings, posted_settings, save, settings_of, wrong_with
from mailer.staff.page import page
from subscribers.models import Asked, MailingList
from subscribers.sign_up.embed import embeddable, form_url
from subscribers.sign_up.fields import FieldType
from subscribers.sign_up.wording import current_wording

RIGHT = "subscribers.change_mailinglist"
SAYS = {
    "sign_up_open": "open or closed",
    "sign_up_intro": "introduction",
    "sign_up_asks": "what it asks for",
    "sign_up_fields": "fields of its own",
    "sign_up_next": "page after sign-up",
    "confirmed_next": "page after confirmation",
    "sign_up_origins": "sites that may call",
    "wording": "what people agree to",
}
KINDS = {"text": "text", "number": "number", "date": "date", "yes_no": "yes or no", "choice": "choice"}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("subscribers.view_mailinglist", MailingList)
def form(request: HttpRequest, mailing_list: MailingList) -> HttpResponse:
    """Look at the form; who may change the list saves its settings."""
    may_change = request.user.has_perm(RIGHT, mailing_list)
    typed, wrong = settings_of(mailing_list), {}
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        typed = posted_settings(request.POST)
        wrong = wrong_with(typed)
        if not wrong:
            changed = [SAYS[name] for name in save(mailing_list, typed)]
            if changed:
                record(request.user, mailing_list, f"Changed the sign-up form: {', '.join(changed)}.")
            messages.success(request, "The form is saved." if changed else "Nothing was changed.")
            return redirect("staff:list-form", mailing_list.pk)
    shown = {
        "mailing_list": mailing_list,
        "typed": typed,
        "wrong": wrong,
        "own": [*typed.own, BLANK],
        "asked": [(value, label, value in typed.values["sign_up_asks"]) for value, label in Asked.choices],
        "kinds": KINDS,
        "wordings": mailing_list.wordings.order_by("-version")[:20],
        "may_change": may_change,
        **(_previewed(mailing_list, typed, wrong) if wrong else _saved(mailing_list)),
        **_for_a_site(mailing_list),
    }
    title = f"Sign-up form of {mailing_list.name}"
    return page(request, "staff/lists/form.html", title, status=422 if wrong else 200, **shown)


@require_POST
@needs(RIGHT, MailingList)
def preview(request: HttpRequest, mailing_list: MailingList) -> HttpResponse:
    """The form as it would be with what is typed; nothing of it is kept."""
    typed = posted_settings(request.POST)
    return render(request, "staff/lists/preview.html", _previewed(mailing_list, typed, wrong_with(typed)))


def _saved(mailing_list: MailingList) -> dict[str, Any]:
    """The form as it is saved."""
    return {"preview": _document(embeddable(mailing_list)) if current_wording(mailing_list) else ""}


def _previewed(mailing_list: MailingList, typed: Settings, wrong: dict[str, list[str]]) -> dict[str, Any]:
    """The form as it would be with what is typed, or what is wrong with that."""
    document = "" if wrong or not typed.wording else _document(_tried(mailing_list, typed))
    return {"preview": document, "problems": [problem for problems in wrong.values() for problem in problems]}


def _tried(mailing_list: MailingList, typed: Settings) -> str:
    """The form with settings that are taken back at once."""
    with transaction.atomic():
        save(mailing_list, typed)
        html = embeddable(mailing_list)
        transaction.set_rollback(True)
    return html


def _document(html: str) -> str:
    """A page of another site, as plain as can be, with the form on it."""
    style = "margin: 0; padding: 20px; background: #fff; color: #222; font: 16px/1.5 system-ui, sans-serif;"
    return f'<!doctype html><html><head><meta charset="utf-8"><title>Form</title></head><body style="{style}">{html}</body></html>'


def _for_a_site(mailing_list: MailingList) -> dict[str, Any]:
    """What one copies: the form's address, the form as HTML, and a call of the JSON endpoint."""
    endpoint = site.PUBLIC_URL + reverse("subscribers:sign_up_api", args=[mailing_list.slug])
    current = current_wording(mailing_list)
    body: dict[str, Any] = {"email": "anna@example.org", "wording": current.version if current else 1}
    fields = {own["key"]: _example(own) for own in mailing_list.sign_up_fields}
    if fields:
        body["fields"] = fields
    return {
        "form_url": form_url(mailing_list),
        "snippet": embeddable(mailing_list) if mailing_list.sign_up_open else "",
        "endpoint": endpoint,
        "call": f"curl -H 'Content-Type: application/json' {endpoint} \\\n  -d '{_quoted(body)}'",
    }


def _example(own: dict[str, Any]) -> Any:
    match own["type"]:
        case FieldType.NUMBER:
            return 1
        case FieldType.DATE:
            return "2027-03-31"
        case FieldType.YES_NO:
            return True
        case FieldType.CHOICE:
            return own["choices"][0]
    return "Example"


def _quoted(body: dict[str, Any]) -> str:
    """JSON within the single quotes of a shell."""
    return orjson.dumps(body).decode().replace("'", "'\\''")
