"""A reader of a newsletter and the links that are theirs, for the tests of the public pages."""

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from mailer.issues.models import Newsletter
from subscribers import tokens
from subscribers.models import Consent, MailingList, Subscriber, Subscription
from subscribers.tokens import Scope

ORIGIN = 77


def strict_client() -> Client:
    """As strict as a real server is with everybody else's forms."""
    return Client(enforce_csrf_checks=True)


def make_list(slug: str, name: str, **fields: object) -> MailingList:
    return MailingList.objects.create(slug=slug, name=name, **fields)


def publish(mailing_list: MailingList, **fields: object) -> Newsletter:
    """A newsletter that goes to a list."""
    return Newsletter.objects.create(
        **{
            "slug": mailing_list.slug,
            "name": f"The {mailing_list.name}",
            "mailing_list": mailing_list,
            "from_name": "The Weekly",
            "from_email": "weekly@news.example.com",
            "postal_address": "1 Raffles Place\nSingapore 048616",
            **fields,
        }
    )


def make_reader(mailing_list: MailingList, email: str = "anna@example.org", **fields: object) -> Subscription:
    """Somebody who is on a list."""
    person = Subscriber.objects.create(email=email, **fields)
    return Subscription.objects.create(subscriber=person, mailing_list=mailing_list, state="active")


def link(page: str, subscription: Subscription, scope: Scope = Scope.MANAGE, number: int = ORIGIN) -> str:
    """The address of a page of somebody's own."""
    token = tokens.make(scope, subscription.mailing_list_id, subscription.subscriber_id, number)
    return reverse(f"subscribers:{page}", args=[token])


def records() -> list[tuple[str, str, object]]:
    """Action, source and detail of every record of consent, oldest first."""
    return list(Consent.objects.order_by("id").values_list("action", "source", "detail"))


def headers_of(answer: HttpResponse) -> dict[str, str]:
    """The headers of an answer that could tell somebody apart: its own number is another each time."""
    return {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
