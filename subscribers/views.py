"""The pages that the links in a mail lead to.

Who holds a link is the person it was sent to: there is no session and no cookie (see public_page.py). A GET or HEAD
changes nothing, because mail scanners follow links.
"""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from subscribers import address_change, tokens
from subscribers.brand_style import style_of
from subscribers.colours import is_colour
from subscribers.leaving import leave
from subscribers.models import MailingList, SubscriptionState
from subscribers.own_link import send_link
from subscribers.preferences import page
from subscribers.preferences.acts import STILL_UNDER_WAY, Outcome, act
from subscribers.preferences.address_form import AddressForm
from subscribers.preferences.visit import Visit, found
from subscribers.public_page import form_of, partly_hidden, public, show
from subscribers.sign_up import limits
from subscribers.sign_up.network import network_of
from subscribers.tokens import BadToken, Scope

Numbers = tuple[int, int, int]
"""What a token carries: mailing list, subscriber, and a third by its scope."""


def _linked(scope: Scope) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Have a view get the numbers in the token of its link; a bad one is answered with what to do."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def wrapped(request: HttpRequest, token: str) -> HttpResponse:
            try:
                numbers = tokens.read(scope, token)
            except BadToken:
                return show("bad_link", status=404)
            return view(request, token, numbers)

        return public(wrapped)

    return decorate


@_linked(Scope.MANAGE)
def unsubscribe(request: HttpRequest, token: str, numbers: Numbers) -> HttpResponse:
    """Leave a list. A POST acts at once, whatever its body; RFC 8058's gets a line of text, a reader's a page."""
    mailing_list_id, subscriber_id, origin = numbers
    one_click = form_of(request).get("List-Unsubscribe", "").lower() == "one-click"
    if request.method == "POST":
        source = "one-click" if one_click else "unsubscribe page"
        leave(mailing_list_id, subscriber_id, source=source, origin=origin)
    subscription = found(mailing_list_id, subscriber_id)
    if one_click:
        name = subscription.mailing_list.name if subscription else "the list"
        return HttpResponse(f"You have left {name}.\n", content_type="text/plain; charset=utf-8")
    if subscription is None:
        return show("nothing_here")
    visit = Visit(token, subscription, origin)
    if subscription.state != SubscriptionState.UNSUBSCRIBED:
        return _show(visit, "unsubscribe", page.everywhere(visit))
    outcome = Outcome(message=STILL_UNDER_WAY if request.method == "POST" else "")
    return _show(visit, "left", page.left(visit, outcome))


@_linked(Scope.MANAGE)
def preferences(request: HttpRequest, token: str, numbers: Numbers) -> HttpResponse:
    """Choose, pause, change one's address, join other lists, ask for one's data, leave, come back.

    A POST says by `act` what it wants.
    """
    mailing_list_id, subscriber_id, origin = numbers
    subscription = found(mailing_list_id, subscriber_id)
    if subscription is None:
        return show("nothing_here")
    visit = Visit(token, subscription, origin)
    outcome = act(visit, form_of(request))
    now = visit.again()
    if now is None:  # erased meanwhile
        return show("nothing_here")
    contents = page.left if outcome.page == "left" else page.preferences
    return _show(now, outcome.page, contents(now, outcome))


@_linked(Scope.ADDRESS)
def address(request: HttpRequest, token: str, numbers: Numbers) -> HttpResponse:
    """Confirm a new address: a GET asks, a POST changes."""
    mailing_list_id, subscriber_id, change_id = numbers
    change = address_change.find(change_id, subscriber_id)
    mailing_list = MailingList.objects.filter(pk=mailing_list_id).first()
    if change is None or mailing_list is None:
        return show("address", mailing_list, stands=address_change.Change.OVER)
    if request.method == "POST":
        stands = address_change.confirm(change, mailing_list_id)
    else:
        stands = address_change.how_it_stands(change)
    return show(
        "address",
        mailing_list,
        language=change.subscriber.language,
        token=token,
        stands=stands,
        new=partly_hidden(change.address),
        just_now=request.method == "POST",
    )


@public
def own_link(request: HttpRequest) -> HttpResponse:
    """Mail somebody the link to their preferences. The answer is the same whether the address is known or not."""
    mailing_list = _list_asked_for(request)
    if request.method != "POST":
        return show("own_link", mailing_list, form=AddressForm())
    form = AddressForm(form_of(request))
    if not form.is_valid():
        return show("own_link", mailing_list, form=form)
    email = form.cleaned_data["email"]
    try:
        limits.count_network(network_of(request))
        limits.count_address(email)
    except limits.TooMany as error:
        response = show("own_link", mailing_list, form=form, status=429, too_often=True)
        response["Retry-After"] = str(error.wait)
        return response
    send_link(email, mailing_list.pk if mailing_list else None)
    return show("own_link", mailing_list, sent_to=email)


@require_safe
def brand_style(request: HttpRequest, colour: str) -> HttpResponse:
    """The style sheet of a newsletter's colour."""
    if not is_colour(f"#{colour}"):
        raise Http404("This is not a colour.")
    return HttpResponse(
        style_of(f"#{colour.lower()}"),
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": "public, max-age=86400"},
    )


def _list_asked_for(request: HttpRequest) -> MailingList | None:
    """The list that an address names by ?list=; else the only one that there is."""
    if slug := request.GET.get("list", "").replace("\x00", ""):
        return MailingList.objects.filter(slug=slug).first()
    lists = list(MailingList.objects.all()[:2])
    return lists[0] if len(lists) == 1 else None


def _show(visit: Visit, template: str, context: dict[str, Any]) -> HttpResponse:
    subscription = visit.subscription
    return show(template, subscription.mailing_list, language=subscription.subscriber.language, **context)
