"""The page of alerts, the badge beside it, and the label at the top of every page while one is open."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.delivery.models import Notice
from mailer.tracking.models import Alert
from tests.roles import somebody
from tests.tracking.ledger import make_send

pytestmark = pytest.mark.django_db
PAGE = "/staff/tracking/alert/"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def staff(client):
    """Somebody without a role, signed in."""
    person = somebody()
    client.force_login(person)
    return person


@pytest.fixture
def reader(client):
    """Somebody who may look at everything and change nothing, signed in."""
    person = somebody("reader")
    client.force_login(person)
    return person


def over(**fields: object) -> Alert:
    return Alert.objects.create(kind="webhook_silent", text="what was", ended_at=timezone.now(), **fields)


def test_open_ones_stand_above_those_that_ended_each_with_its_text(client, reader):
    over()
    Alert.objects.create(kind="folding_late", text="Start a worker.\n\nOr two.")
    text = client.get(PAGE).text
    order = [
        text.index(part)
        for part in ("Events wait too long", "Start a worker.", "webhook is silent", "what was")
    ]
    assert order == sorted(order)
    assert "<p>Or two.</p>" in text


def test_badge_and_label_count_the_open_ones(client, reader):
    over()
    text = client.get("/staff/").text
    assert PAGE in text
    assert "alert open" not in text
    assert "alerts open" not in text
    Alert.objects.create(kind="folding_late", text="x")
    Alert.objects.create(kind="suppressions_failing", subject="push", text="x")
    assert "2 alerts open" in client.get("/staff/").text


def test_who_may_not_see_alerts_sees_neither_page_nor_label(client, staff):
    alert = Alert.objects.create(kind="folding_late", text="x")
    assert client.get(PAGE).status_code == 403
    assert client.get(f"{PAGE}{alert.pk}/change/").status_code == 403
    text = client.get("/staff/").text
    assert "1 alert open" not in text
    assert PAGE not in text


def test_nothing_is_changed_here(client, reader):
    alert = Alert.objects.create(kind="folding_late", text="x")
    assert client.post(PAGE, {"action": "delete_selected", "_selected_action": [alert.pk]}).status_code == 405
    assert client.post(f"{PAGE}{alert.pk}/change/", {"text": "y"}).status_code == 403
    assert Alert.objects.get().text == "x"


def test_one_says_who_was_told(client, reader):
    ledger = make_send()
    newsletter = ledger.send.issue.newsletter
    newsletter.owner_email = "owner@example.org"
    newsletter.save()
    alert = Alert.objects.create(
        kind="folding_late", subject=HOSTILE, text=f"{HOSTILE}\n\nWhat to do: start a worker."
    )
    alert.told.add(Notice.objects.create(newsletter=newsletter, kind="alert", mailed_at=timezone.now()))
    alert.told.add(Notice.objects.create(send=ledger.send, kind="guard"))
    text = client.get(f"{PAGE}{alert.pk}/change/").text
    assert "owner@example.org (mailed), owner@example.org (not mailed)" in text
    assert "<p>What to do: start a worker.</p>" in text
    assert f'href="/staff/sends/{ledger.send.pk}/"' in text
    assert HOSTILE not in text
    assert HOSTILE not in client.get(PAGE).text


def test_many_that_ended_fill_pages(client, reader):
    for day in range(25):
        over(subject=f"day {day} of them", began_at=timezone.now() - timedelta(days=day))
    assert client.get(PAGE).text.count("of them</a>") == 20
    assert client.get(f"{PAGE}?page=2").text.count("of them</a>") == 5
    assert client.get(f"{PAGE}?page=nonsense").status_code == 200
