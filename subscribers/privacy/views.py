"""The pages that a letter about one's own data leads to: get all of it, or have it erased.

A GET shows nothing of the person and changes nothing: mail scanners follow links, and may keep what they see.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from subscribers import tokens
from subscribers.models import MailingList, Subscriber
from subscribers.person.sections import facts_of
from subscribers.privacy.erase import erase
from subscribers.privacy.export import FORMATS, file_name
from subscribers.public_page import form_of, public, show
from subscribers.tokens import BadToken, Scope


@dataclass(frozen=True)
class Visit:
    """Somebody who holds the link of a letter about their own data. Whoever it is may be erased already."""

    token: str
    mailing_list: MailingList | None
    subscriber: Subscriber

    def show(self, template: str) -> HttpResponse:
        """A page in the newsletter's name and the person's language."""
        return show(template, self.mailing_list, language=self.subscriber.language, token=self.token)


def _linked(
    scope: Scope,
) -> Callable[[Callable[[HttpRequest, Visit], HttpResponse]], Callable[..., HttpResponse]]:
    """Have a view get the visit that its link is good for; a bad or an old one is answered with what to do."""

    def decorate(view: Callable[[HttpRequest, Visit], HttpResponse]) -> Callable[..., HttpResponse]:
        def wrapped(request: HttpRequest, token: str) -> HttpResponse:
            try:
                mailing_list_id, subscriber_id, expires = tokens.read(scope, token)
            except BadToken:
                return show("bad_link", status=404)
            mailing_list = MailingList.objects.filter(pk=mailing_list_id).first()
            subscriber = Subscriber.objects.filter(pk=subscriber_id).first()
            if subscriber is None or expires <= timezone.now().timestamp():
                return show("data_link_over", mailing_list, status=410)
            return view(request, Visit(token, mailing_list, subscriber))

        return public(wrapped)

    return decorate


@_linked(Scope.EXPORT)
def data(request: HttpRequest, visit: Visit) -> HttpResponse:
    """All that is held on the person: a GET offers two files, a POST gives the one that it names by `as`."""
    if visit.subscriber.erased_at:
        return visit.show("erased")
    wanted = form_of(request).get("as", "")
    if wanted not in FORMATS:
        return visit.show("data")
    written = FORMATS[wanted]
    response = HttpResponse(written.write(facts_of(visit.subscriber)), content_type=written.content_type)
    name = file_name(visit.subscriber.pk, wanted)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@_linked(Scope.ERASE)
def erasure(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Erase the person: a GET says what that means, a POST with act=erase does it. Once it is done, both say so."""
    if visit.subscriber.erased_at:
        return visit.show("erased")
    if form_of(request).get("act") != "erase":
        return visit.show("erase")
    erase(visit.subscriber.pk, by="the person", source="erasure page")
    return visit.show("erased")
