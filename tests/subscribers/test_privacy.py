"""What people ask for themselves, by mailed links: their data, and to be erased."""

import json
import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils import timezone

from mailer.delivery.letters.submit import submit_letter
from mailer.delivery.models import Batch
from subscribers import tokens
from subscribers.models import Consent, Erasure, Letter, MailingList, Remark, Subscriber, Subscription
from subscribers.person.sections import facts_of, sections
from subscribers.privacy.export import as_json, as_page
from subscribers.tokens import Scope
from tests.newsroom import make_issue, subscribe
from tests.tracking.ledger import make_send
from tests.tracking.test_fold import fold_these

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"


@pytest.fixture
def anna() -> Subscriber:
    return Subscriber.objects.create(email="anna@example.org", first_name=f"Anna {HOSTILE}")


@pytest.fixture
def weekly(anna) -> MailingList:
    ledger = make_send([anna])
    fold_these(
        ledger.event("delivered"),
        ledger.event("click", after=900, url="https://example.org/tea", ip="192.0.2.7"),
    )
    return ledger.send.mailing_list


def link(scope: Scope, weekly: MailingList, person: Subscriber, seconds: int = 60) -> str:
    """The path of a link that is good for so many seconds more."""
    expires = int(timezone.now().timestamp()) + seconds
    return (
        f"/{'data' if scope == Scope.EXPORT else 'erase'}/{tokens.make(scope, weekly.pk, person.pk, expires)}"
    )


class Outside(HTMLParser):
    """What a page would fetch or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "link", "object", "embed", "form", "base"):
            self.found.append(tag)
        self.found += [
            name for name in given if name in ("src", "srcset", "style", "action") or name.startswith("on")
        ]
        if not (given.get("href") or "#").startswith("#"):
            self.found.append(given["href"] or "")


def test_a_get_shows_nothing_of_the_person(client, anna, weekly):
    page = client.get(link(Scope.EXPORT, weekly, anna))
    assert page.status_code == 200
    assert "Download" in page.text
    for secret in ("anna", "Anna", "example.org/tea", "192.0.2.7"):
        assert secret not in page.text.replace(link(Scope.EXPORT, weekly, anna), "")
    assert "no-store" in page["Cache-Control"]


def test_a_post_gives_all_that_is_held_as_json(client, anna, weekly):
    answer = client.post(link(Scope.EXPORT, weekly, anna), {"as": "json"})
    assert answer["Content-Disposition"] == f'attachment; filename="personal-data-{anna.pk}.json"'
    assert answer["Cache-Control"] == "no-store"
    held = answer.json()
    assert set(held) == {"made_at", *(section.name for section in sections())}
    assert held["profile"][0]["address"] == "anna@example.org"
    assert [event["what"] for event in held["issues"][0]["happened"]] == ["delivered", "clicked"]
    assert held["events"][1]["payload"]["ip"] == "192.0.2.7"


def test_a_post_gives_one_page_that_fetches_nothing_and_runs_nothing(client, anna, weekly):
    answer = client.post(link(Scope.EXPORT, weekly, anna), {"as": "html"})
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    page = answer.content.decode()
    assert "anna@example.org" in page
    assert "192.0.2.7" in page
    assert Outside(page).found == []
    assert HOSTILE not in page


def test_the_export_holds_what_the_store_holds_and_nothing_is_lost_on_the_page(anna, weekly):
    Remark.objects.create(subscriber=anna, mailing_list=weekly, text="Too long & too <often>")
    facts = facts_of(anna)
    assert json.loads(as_json(facts))["remarks"][0]["text"] == "Too long & too <often>"
    page = as_page(facts).decode()
    assert "Too long &amp; too &lt;often&gt;" in page
    for section in sections():
        assert section.title in page


@pytest.mark.parametrize("wanted", ["", "pdf", "../json"])
def test_a_post_that_does_not_say_which_file_gives_the_page(client, anna, weekly, wanted):
    answer = client.post(link(Scope.EXPORT, weekly, anna), {"as": wanted})
    assert "Content-Disposition" not in answer
    assert "anna@" not in answer.text


def test_a_get_erases_nobody_and_shows_nobody(client, anna, weekly):
    for method in (client.get, client.head):
        page = method(link(Scope.ERASE, weekly, anna))
        assert page.status_code == 200
    assert "Erase everything" in client.get(link(Scope.ERASE, weekly, anna)).text
    assert "anna@" not in client.get(link(Scope.ERASE, weekly, anna)).text
    anna.refresh_from_db()
    assert anna.erased_at is None


def test_a_post_erases_and_a_second_says_that_it_is_done(client, anna, weekly):
    where = link(Scope.ERASE, weekly, anna)
    for _ in range(2):
        answer = client.post(where, {"act": "erase"})
        assert answer.status_code == 200
        assert "You are erased" in answer.text
    assert "You are erased" in client.get(where).text
    anna.refresh_from_db()
    assert anna.erased_at is not None
    assert (Erasure.objects.get().by, Erasure.objects.get().reason) == ("the person", "")
    assert list(Consent.objects.order_by("id").values_list("action", "source")) == [
        ("left", "erasure page"),
        ("erased", "erasure page"),
    ]


def test_a_post_that_does_not_say_erase_erases_nobody(client, anna, weekly):
    for body in ({}, {"List-Unsubscribe": "One-Click"}, {"act": "Erase"}):
        assert "Erase everything" in client.post(link(Scope.ERASE, weekly, anna), body).text
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("scope", [Scope.EXPORT, Scope.ERASE])
def test_a_link_is_over_after_its_time(client, anna, weekly, scope):
    for method in (client.get, client.post):
        answer = method(link(scope, weekly, anna, seconds=-1), {"act": "erase", "as": "json"})
        assert answer.status_code == 410
        assert "This link is over" in answer.text
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("scope", [Scope.EXPORT, Scope.ERASE])
def test_a_link_for_something_else_does_nothing(client, anna, weekly, scope):
    for other in set(Scope) - {scope}:
        expires = int(timezone.now().timestamp()) + 60
        token = tokens.make(other, weekly.pk, anna.pk, expires)
        page = f"/{'data' if scope == Scope.EXPORT else 'erase'}/{token}"
        answer = client.post(page, {"act": "erase", "as": "json"})
        assert answer.status_code == 404
        assert "anna@" not in answer.text
    assert not Erasure.objects.exists()


def test_other_methods_are_refused(client, anna, weekly):
    assert client.delete(link(Scope.ERASE, weekly, anna)).status_code == 405
    assert not Erasure.objects.exists()


def test_the_links_of_an_erased_person_lead_to_nothing_of_them(client, anna, weekly):
    data, erase = link(Scope.EXPORT, weekly, anna), link(Scope.ERASE, weekly, anna)
    manage = tokens.make(Scope.MANAGE, weekly.pk, anna.pk)
    client.post(erase, {"act": "erase"})
    assert "You are erased" in client.post(data, {"as": "json"}).text
    for page in (f"/p/{manage}", f"/u/{manage}"):
        for body in ({"act": "come-back"}, {"act": "save", "first_name": "Anna"}, {"act": "export"}):
            assert client.post(page, body).status_code == 200
    assert not Subscription.objects.filter(subscriber=anna).exists()
    assert Subscriber.objects.get(pk=anna.pk).first_name == ""


def test_no_page_needs_a_cookie_or_sets_one(anna, weekly):
    client = Client(enforce_csrf_checks=True)
    assert client.post(link(Scope.EXPORT, weekly, anna), {"as": "json"}).status_code == 200
    assert client.post(link(Scope.ERASE, weekly, anna), {"act": "erase"}).status_code == 200
    assert client.cookies == {}


@pytest.mark.parametrize("act", ["export", "erase"])
def test_from_the_preferences_by_mail_to_the_data_and_the_erasure(client, inbox, act):
    """What a person does: ask on their own page, follow the link in the mail, press the button there."""
    weekly = make_issue().newsletter.mailing_list
    (mei,) = subscribe(weekly, "mei@example.org")
    own_page = f"/p/{tokens.make(Scope.MANAGE, weekly.pk, mei.pk)}"
    for _ in range(3):
        assert client.post(own_page, {"act": act}).status_code == 200
    (letter,) = Letter.objects.all()
    assert submit_letter(Batch.objects.get(letter=letter).pk)
    (message,) = inbox.messages(full=True)
    assert message["to"] == "mei@example.org"
    (path,) = set(re.findall(r"/(?:data|erase)/[\w-]+", message["text"]))
    client.get(path)
    assert not Erasure.objects.exists()
    answer = client.post(path, {"act": "erase", "as": "json"})
    if act == "export":
        assert answer.json()["profile"][0]["address"] == "mei@example.org"
        assert [held["about"] for held in answer.json()["letters"]]
    mei.refresh_from_db()
    assert (mei.erased_at is not None) == (act == "erase")
    if act == "erase":
        assert client.get(own_page).status_code == 200
        assert client.post(own_page, {"act": "come-back"}).status_code == 200
        assert not Subscription.objects.exists()
