"""The pages of sign-up: the form, what comes after it, and what the link in the confirmation mail leads to.

A form on another site posts to the same address. It has no cookie of ours, so there is no CSRF token: nothing but a
pending subscription comes of a post, and nobody's browser has a right here that a forger could borrow.
"""

from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import QueryDict
from django.urls import reverse

from subscribers import tokens
from subscribers.models import MailingList, Subscriber
from subscribers.public_page import HEADERS, form_of, partly_hidden, public, show
from subscribers.sign_up import limits
from subscribers.sign_up.confirm import Standing, ask_again, confirm, standing
from subscribers.sign_up.form import SignUpForm
from subscribers.sign_up.network import network_of
from subscribers.sign_up.settings import is_origin, origin_of
from subscribers.sign_up.sign_up import sign_up
from subscribers.tokens import BadToken, Scope

log = structlog.get_logger(__name__)
PAGE = "sign-up page"
POLICY = "Content-Security-Policy"


@public
def form(request: HttpRequest, slug: str) -> HttpResponse:
    """The form of a list; a POST signs up."""
    mailing_list = open_list(slug)
    if mailing_list is None:
        return show("sign_up_closed", status=404)
    if request.method != "POST":
        return _form_page(mailing_list, SignUpForm(mailing_list))
    posted = SignUpForm(mailing_list, _as_meant(form_of(request)))
    if meant := posted.meant:
        return _form_page(mailing_list, posted, meant=meant)
    try:
        take(request, posted, _source(request))
    except limits.TooMany as error:
        minutes = -(-error.wait // 60)
        response = show("sign_up_later", mailing_list, status=429, minutes=minutes)
        response["Retry-After"] = str(error.wait)
        return response
    if not posted.is_filled_trap and not posted.is_valid():
        posted.focus_first_error()
        return _form_page(mailing_list, posted, status=422)
    return _see_other(mailing_list.sign_up_next or reverse("subscribers:signed_up", args=[slug]))


def take(request: HttpRequest, posted: SignUpForm, source: str) -> None:
    """Sign up by a form, if it is valid and within the limits.

    Raises:
        TooMany: the network or the address signed up too often.
    """
    network = network_of(request)
    limits.count_network(network)
    if posted.is_filled_trap:
        log.info("sign_up_by_a_program", mailing_list=posted.mailing_list.pk)
    elif posted.is_valid():
        wanted = posted.wanted()
        limits.count_address(wanted.email)
        sign_up(posted.mailing_list, wanted, source=source, network=network)


@public
def signed_up(request: HttpRequest, slug: str) -> HttpResponse:
    """What comes after the form, for everybody: a mail is on its way."""
    mailing_list = open_list(slug)
    if mailing_list is None:
        return show("sign_up_closed", status=404)
    return show("sign_up_sent", mailing_list)


@public
def confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """Where the confirmation mail's link leads. A GET shows a button, because mail scanners follow links; the POST
    confirms, or has a new link mailed where the old one expired."""
    try:
        mailing_list_id, subscriber_id, expires = tokens.read(Scope.CONFIRM, token)
    except BadToken:
        return show("bad_link", status=404)
    mailing_list = MailingList.objects.filter(pk=mailing_list_id).first()
    subscriber = Subscriber.objects.filter(pk=subscriber_id, erased_at=None).first()
    if mailing_list is None or subscriber is None:
        return show("confirm", mailing_list, found=Standing.OVER)
    context: dict[str, Any] = {"token": token, "address": partly_hidden(subscriber.email), "mailed": None}
    act = form_of(request).get("act", "")
    if act == "confirm":
        found = confirm(mailing_list_id, subscriber_id, expires)
        if found == Standing.OPEN:
            return _after_confirmation(mailing_list, subscriber.language, context)
    else:
        if act == "again":
            context["mailed"] = ask_again(mailing_list_id, subscriber_id, expires)
        found = standing(mailing_list_id, subscriber_id, expires)
    response = show("confirm", mailing_list, language=subscriber.language, found=found, **context)
    return _may_lead_to(response, mailing_list.confirmed_next)


def open_list(slug: str) -> MailingList | None:
    """The list with a slug; None where there is none, or nobody can sign up for it."""
    return MailingList.objects.filter(slug=slug, sign_up_open=True).first()


def _as_meant(data: QueryDict) -> QueryDict:
    """The form with the address that somebody chose, where the page asked which of two they meant."""
    if chosen := data.get("meant"):
        data = data.copy()
        data["email"] = chosen
    return data


def _form_page(
    mailing_list: MailingList, posted: SignUpForm, status: int = 200, meant: str = ""
) -> HttpResponse:
    response = show("sign_up", mailing_list, status=status, form=posted, meant=meant)
    return _may_lead_to(response, mailing_list.sign_up_next)


def _after_confirmation(mailing_list: MailingList, language: str, context: dict[str, Any]) -> HttpResponse:
    if mailing_list.confirmed_next:
        return _see_other(mailing_list.confirmed_next)
    return show("confirm", mailing_list, language=language, found=Standing.OPEN, just_now=True, **context)


def _source(request: HttpRequest) -> str:
    """Where a form was posted from: the page here, or a form on a site that the browser names."""
    if form_of(request).get("via") != "embed":
        return PAGE
    origin = request.headers.get("Origin", "").lower()
    return f"form on {origin}" if is_origin(origin) else "form on another site"


def _see_other(url: str) -> HttpResponse:
    return HttpResponseRedirect(url, status=303)


def _may_lead_to(response: HttpResponse, url: str) -> HttpResponse:
    """Let the page's form end on a site of the organisation's: browsers hold a redirect to form-action too."""
    if url:
        policy = response.get(POLICY, HEADERS[POLICY])
        response[POLICY] = policy.replace("form-action 'self'", f"form-action 'self' {origin_of(url)}")
    return response
