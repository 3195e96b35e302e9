"""The pages that the links in a mail lead to.

Who holds a link is the person it was sent to: there is no session and no cookie, and for want of a cookie
no CSRF token; the token in the link is what a forger would have to know. A GET or HEAD changes nothing,
because mail scanners follow links.
"""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db.models import Value
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.request import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from subscribers import preferences as choices
from subscribers import tokens
from subscribers.leaving import leave
from subscribers.models import GRAVEST_FIRST, Subscription, Suppression
from subscribers.preferences import PreferencesForm
from subscribers.returning import come_back
from subscribers.tokens import BadToken, Scope

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
METHODS = ("GET", "HEAD", "POST")
PAGE = "preferences page"

Numbers = tuple[int, int, int]
"""Mailing list, subscriber, origin: what a token carries."""


def _public(view: Callable[[HttpRequest, str, Numbers], HttpResponse]) -> Callable[..., HttpResponse]:
    """Read the token, answer a bad one, and give every answer the headers of a public page."""

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        if request.method not in METHODS:
            response: HttpResponse = HttpResponseNotAllowed(METHODS)
        else:
            try:
                numbers = tokens.read(Scope.MANAGE, token)
            except BadToken:
                response = _page("bad_link", status=404)
            else:
                response = view(request, token, numbers)
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return wrapped


@_public
def unsubscribe(request: HttpRequest, token: str, numbers: Numbers) -> HttpResponse:
    """Leave a list. A POST acts at once, whatever its body; RFC 8058's gets a line of text, a reader's a page."""
    mailing_list_id, subscriber_id, origin = numbers
    one_click = False
    if request.method == "POST":
        one_click = _form(request).get("List-Unsubscribe", "").lower() == "one-click"
        source = "one-click" if one_click else "unsubscribe page"
        leave(mailing_list_id, subscriber_id, source=source, origin=origin)
    subscription = _subscription(numbers)
    if one_click:
        name = subscription.mailing_list.name if subscription else "the list"
        return HttpResponse(f"You have left {name}.\n", content_type="text/plain; charset=utf-8")
    if subscription is None:
        return _page("nothing_here")
    template = "unsubscribe" if subscription.state != Subscription.State.UNSUBSCRIBED else "left"
    return _page(template, subscription, token, just_now=request.method == "POST")


@_public
def preferences(request: HttpRequest, token: str, numbers: Numbers) -> HttpResponse:
    """Choose topics, a pause and a name; leave the list; come back to it.

    A POST says by `act` what it wants. One that does not say it changes nothing: an empty form would
    otherwise wipe the choices.
    """
    mailing_list_id, subscriber_id, origin = numbers
    form = _form(request) if request.method == "POST" else QueryDict()
    act = form.get("act", "")
    done = ""
    if act == "leave" and leave(mailing_list_id, subscriber_id, source=PAGE, origin=origin):
        done = "left"
    elif act == "come-back" and come_back(mailing_list_id, subscriber_id, source=PAGE, origin=origin):
        done = "came back"
    subscription = _subscription(numbers)
    if subscription is None:
        return _page("nothing_here")
    if act == "leave":
        return _page("left", subscription, token, just_now=True)
    today = timezone.localdate()
    current = choices.of(subscription, today)
    fields = PreferencesForm(current, today, form if act == "save" else None)
    if act == "save" and fields.is_valid():
        choices.save(subscription, fields.chosen(), source=PAGE, origin=origin)
        done = "saved"
        subscription = _subscription(numbers) or subscription
        current = choices.of(subscription, today)
        fields = PreferencesForm(current, today)
    return _page(
        "preferences",
        subscription,
        token,
        form=fields,
        done=done,
        paused_until=current.paused_until,
        only_retired=bool(current.topic_ids)
        and current.topic_ids.isdisjoint(number for number, _ in choices.offered()),
    )


def _form(request: HttpRequest) -> QueryDict:
    """The fields of a POST; none when the body cannot be read, which must not keep anybody on a list."""
    try:
        return request.POST
    except (MultiPartParserError, BadRequest, SuspiciousOperation, UnreadablePostError):
        return QueryDict()


def _subscription(numbers: Numbers) -> Subscription | None:
    return (
        Subscription.objects.select_related("subscriber", "mailing_list")
        .filter(mailing_list_id=numbers[0], subscriber_id=numbers[1])
        .first()
    )


def _page(
    template: str,
    subscription: Subscription | None = None,
    token: str = "",
    *,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    if subscription is not None:
        email = subscription.subscriber.email
        context |= {
            "token": token,
            "list": subscription.mailing_list,
            "state": subscription.state,
            "address": partly_hidden(email),
            "suppressed": _suppression(email),
        }
    # Without the request: no context processor looks at a session here.
    return HttpResponse(render_to_string(f"public/{template}.html", context), status=status)


def _suppression(email: str) -> str:
    """Why the address gets nothing: the gravest reason; empty when it may be written to."""
    reasons = set(Suppression.objects.filter(address=Lower(Value(email))).values_list("reason", flat=True))
    return next((reason for reason in GRAVEST_FIRST if reason in reasons), "")


def partly_hidden(email: str) -> str:
    """An address that its owner knows again and nobody else learns: a•••@example.org."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1] if len(local) > 1 else ''}•••@{domain}"
