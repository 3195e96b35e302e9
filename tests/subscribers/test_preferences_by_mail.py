"""What the preference centre mails, as it arrives: over the ledger and the emulator, in the reader's language."""

import re
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.urls import reverse

from mailer.delivery.letters.submit import submit_letter
from mailer.delivery.models import Batch
from subscribers.models import Subscriber
from tests.subscribers.readers import link, make_list, make_reader, publish, strict_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    cache.clear()
    return strict_client()


@pytest.fixture
def subscription():
    weekly = make_list("weekly", "Weekly")
    publish(weekly)
    return make_reader(weekly, language="de")


def arrived(inbox):
    """Send what was asked for; the newest message, and the path of the link in it."""
    for batch in Batch.objects.filter(letter__isnull=False).order_by("pk"):
        submit_letter(batch.pk)
    message = inbox.messages(full=True)[-1]
    found = re.search(r"https?://\S+/[a-z]+/[\w-]{40}", message["text"])
    return message, urlsplit(found[0]).path if found else ""


def test_the_link_to_ones_preferences(client, subscription, inbox):
    client.post(reverse("subscribers:own-link"), {"email": "anna@example.org"})
    message, path = arrived(inbox)
    assert message["to"] == "anna@example.org"
    assert "Einstellungen" in message["subject"]
    assert "Ihre Einstellungen" in client.get(path).text


def test_an_address_change_and_what_the_old_address_is_told(client, subscription, inbox):
    client.post(link("preferences", subscription), {"act": "address", "email": "anna.berg@example.net"})
    message, path = arrived(inbox)
    assert message["to"] == "anna.berg@example.net"
    assert "Ihre Adresse ist geändert" in client.post(path).text
    message, path = arrived(inbox)
    assert (message["to"], path) == ("anna@example.org", "")
    assert Subscriber.objects.get().email == "anna.berg@example.net"


@pytest.mark.parametrize(
    ("act", "words"), [("export", "Alles, was wir über Sie gespeichert haben"), ("erase", "Alles löschen")]
)
def test_the_links_to_ones_data(client, subscription, inbox, act, words):
    client.post(link("preferences", subscription), {"act": act})
    message, path = arrived(inbox)
    assert message["to"] == "anna@example.org"
    assert words in client.get(path).text
