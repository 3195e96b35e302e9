"""What the letters of the system say, to whom, and when they are not sent any more."""

from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from subscribers import tokens
from subscribers.brand import Brand
from subscribers.letters.ask import ask
from subscribers.letters.compose import compose
from subscribers.letters.moot import STOPPED_BY, address_of, why_moot
from subscribers.models import (
    AddressChange,
    Letter,
    LetterKind,
    MailingList,
    PendingSignUp,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
)
from subscribers.privacy.erase import erase
from subscribers.tokens import Scope

pytestmark = pytest.mark.django_db

BRAND = Brand(
    name="The <Weekly> & Co",
    tagline="",
    language="en",
    colour="#ffd400",
    logo="",
    website="",
    postal_address="1 Raffles Place\nSingapore 048616",
)
PAGES = {
    LetterKind.CONFIRM: ("confirm", Scope.CONFIRM),
    LetterKind.ALREADY: ("p", Scope.MANAGE),
    LetterKind.ADDRESS: ("address", Scope.ADDRESS),
    LetterKind.LINK: ("p", Scope.MANAGE),
    LetterKind.EXPORT: ("data", Scope.EXPORT),
    LetterKind.ERASE: ("erase", Scope.ERASE),
}
"""Where each kind leads, and what its token is good for. A letter to a former address leads nowhere."""


@pytest.fixture
def mailing_list() -> MailingList:
    return MailingList.objects.create(slug="weekly", name="Weekly")


@pytest.fixture
def reader(mailing_list) -> Subscriber:
    person = Subscriber.objects.create(email="Ada@example.org", first_name="Win a car http://spam.example")
    Subscription.objects.create(subscriber=person, mailing_list=mailing_list, state="active")
    return person


@pytest.fixture
def write(mailing_list, reader):
    """A letter of a kind that is not moot."""

    def write(kind: LetterKind) -> Letter:
        match kind:
            case LetterKind.CONFIRM:
                pending = PendingSignUp.objects.create(
                    mailing_list=mailing_list,
                    subscriber=reader,
                    chosen={},
                    had_left=False,
                    expires_at=(timezone.now() + timedelta(days=7)).replace(microsecond=0),
                )
                return ask(kind, reader.pk, mailing_list.pk, reference=int(pending.expires_at.timestamp()))
            case LetterKind.ADDRESS:
                change = AddressChange.objects.create(
                    subscriber=reader,
                    address="new@example.org",
                    expires_at=timezone.now() + timedelta(days=2),
                )
                return ask(kind, reader.pk, mailing_list.pk, address=change.address, reference=change.pk)
            case LetterKind.MOVED:
                return ask(kind, reader.pk, mailing_list.pk, address="old@example.org")
        return ask(kind, reader.pk, mailing_list.pk)

    return write


class Links(HTMLParser):
    """The addresses that an HTML part leads to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if tag == "a" and name == "href" and value]


@pytest.mark.parametrize("kind", LetterKind)
def test_it_holds_one_link_which_is_good_for_what_it_says(write, reader, mailing_list, settings, kind):
    composed = compose(write(kind), BRAND)

    links = Links(composed.html).found
    assert [line for line in composed.text.splitlines() if line.startswith("http")] == links
    if kind == LetterKind.MOVED:
        assert links == []
        return
    page, scope = PAGES[kind]
    (link,) = links
    assert link.startswith(f"{settings.PUBLIC_URL}/{page}/")
    assert tokens.read(scope, link.rpartition("/")[2])[:2] == (mailing_list.pk, reader.pk)


def test_the_link_of_a_confirmation_opens_this_sign_up_and_no_other(write):
    letter = write(LetterKind.CONFIRM)
    (link,) = Links(compose(letter, BRAND).html).found
    pending = PendingSignUp.objects.get()
    assert tokens.read(Scope.CONFIRM, link.rpartition("/")[2])[2] == int(pending.expires_at.timestamp())


def test_the_link_of_an_address_change_carries_its_number(write):
    letter = write(LetterKind.ADDRESS)
    (link,) = Links(compose(letter, BRAND).html).found
    assert tokens.read(Scope.ADDRESS, link.rpartition("/")[2])[2] == AddressChange.objects.get().pk


@pytest.mark.parametrize(
    ("kind", "page"), [(LetterKind.EXPORT, Scope.EXPORT), (LetterKind.ERASE, Scope.ERASE)]
)
def test_the_links_to_ones_data_are_good_for_two_days(write, kind, page):
    letter, now = write(kind), timezone.now()
    composed = compose(letter, BRAND, now)
    (link,) = Links(composed.html).found
    assert tokens.read(page, link.rpartition("/")[2])[2] == int((now + timedelta(days=2)).timestamp())
    assert "The link works for 2 days." in composed.text


def test_it_says_how_long_the_link_works_from_when_it_leaves(write):
    letter = write(LetterKind.CONFIRM)
    soon, later, last = (timezone.now() + timedelta(days=days) for days in (0, 5.5, 6.9))
    assert "The link works for 7 days." in compose(letter, BRAND, soon).text
    assert "The link works for one day." in compose(letter, BRAND, later).text
    assert "The link works for a few hours." in compose(letter, BRAND, last).text


@pytest.mark.parametrize("kind", LetterKind)
def test_it_says_who_writes_and_nothing_that_somebody_typed_into_a_form(write, kind):
    composed = compose(write(kind), BRAND)
    for text in (composed.text, composed.subject + composed.html):
        assert "spam.example" not in text
    assert BRAND.name in composed.text
    assert "The &lt;Weekly&gt; &amp; Co" in composed.html
    assert "<Weekly>" not in composed.html
    assert "1 Raffles Place<br" in composed.html
    assert composed.text.rstrip().endswith(BRAND.postal_address)


def test_a_name_of_two_lines_makes_a_subject_of_one(write):
    brand = Brand("The\r\nWeekly", "", "en", "#0f5c6e", "", "", "1 Raffles Place")
    assert (
        compose(write(LetterKind.CONFIRM), brand).subject == "Please confirm your subscription to The Weekly"
    )


def test_the_button_can_be_read_on_any_colour(write):
    """Dark on this yellow, and the name on white in a darker one."""
    html = compose(write(LetterKind.LINK), BRAND).html
    assert 'bgcolor="#ffd400"' in html
    assert "color:#16181b" in html.replace(" ", "")
    assert (
        "color:#ffd400;" not in html.replace(" ", "").replace("background-color:", "").split("</style>")[-1]
    )


@pytest.mark.parametrize("kind", LetterKind)
@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_suppressed_address_gets_only_what_its_reason_leaves(write, kind, reason):
    letter = write(kind)
    assert why_moot(letter) is None
    Suppression.objects.create(address=address_of(letter).lower(), reason=reason)
    stopped = reason in STOPPED_BY[kind]
    assert (why_moot(letter) is not None) == stopped
    assert (compose(letter, BRAND) is None) == stopped


def test_nothing_goes_to_an_address_that_is_dead_or_to_one_that_complained_unless_the_law_wants_it():
    by_law = {LetterKind.EXPORT, LetterKind.ERASE}
    for kind, reasons in STOPPED_BY.items():
        assert {SuppressionReason.BOUNCE, SuppressionReason.INVALID} <= reasons
        assert (SuppressionReason.COMPLAINT in reasons) == (kind not in by_law)


@pytest.mark.parametrize("kind", LetterKind)
def test_nobody_who_was_erased_gets_anything(write, reader, kind):
    letter = write(kind)
    erase(reader.pk, by="the person", source="test")
    assert compose(Letter.objects.get(pk=letter.pk), BRAND) is None


@pytest.mark.parametrize("kind", LetterKind)
def test_what_could_not_leave_for_a_week_is_not_sent_any_more(write, kind):
    assert compose(write(kind), BRAND, timezone.now() + timedelta(days=7, seconds=1)) is None


def test_a_confirmation_is_moot_once_it_was_confirmed(write):
    letter = write(LetterKind.CONFIRM)
    PendingSignUp.objects.all().delete()
    assert why_moot(letter) == "the sign-up was confirmed, has expired, or there is a newer one"


def test_a_confirmation_is_moot_once_there_is_a_newer_one(write):
    letter = write(LetterKind.CONFIRM)
    PendingSignUp.objects.update(expires_at=timezone.now() + timedelta(days=7, hours=1))
    assert compose(letter, BRAND) is None


def test_of_two_address_changes_only_the_newer_is_confirmed(write):
    older, newer = write(LetterKind.ADDRESS), write(LetterKind.ADDRESS)
    assert compose(older, BRAND) is None
    assert compose(newer, BRAND) is not None
    AddressChange.objects.update(confirmed_at=timezone.now())
    assert compose(newer, BRAND) is None


def test_nobody_is_told_that_they_are_on_a_list_that_they_left(write, reader):
    letter = write(LetterKind.ALREADY)
    Subscription.objects.update(state="unsubscribed")
    assert why_moot(letter) == "the subscription is not active any more"


def test_a_letter_without_what_its_link_needs_is_refused(reader, mailing_list):
    with pytest.raises(ValueError, match="expires"):
        ask(LetterKind.CONFIRM, reader.pk, mailing_list.pk)
    with pytest.raises(ValueError, match="number of the change"):
        ask(LetterKind.ADDRESS, reader.pk, mailing_list.pk, address="new@example.org")
    assert not Letter.objects.exists()


@pytest.mark.parametrize("kind", LetterKind)
def test_it_speaks_the_language_of_the_newsletter(write, kind):
    letter = write(kind)
    spoken = {
        language: compose(letter, replace(BRAND, language=language))
        for language in ("en", "de", "fr", "es", "zh-Hans")
    }
    for language, composed in spoken.items():
        assert f'lang="{language}"' in composed.html
    assert len({composed.subject for composed in spoken.values()}) == len(spoken)
    assert len({composed.text for composed in spoken.values()}) == len(spoken)


def test_the_readers_own_language_comes_first(write, reader):
    Subscriber.objects.filter(pk=reader.pk).update(language="de-CH")
    letter = Letter.objects.get(pk=write(LetterKind.CONFIRM).pk)
    composed = compose(letter, replace(BRAND, language="fr"))
    assert composed.subject == "Bitte bestätigen Sie Ihr Abonnement von The <Weekly> & Co"
    assert "Der Link funktioniert 7 Tage." in composed.text
