"""A person's timeline: everything in one order of time, machines marked, on the page and in the terminal."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from mailer.tracking.machines import WORDS
from subscribers.leaving import leave
from subscribers.models import AddressChange, Consent, Letter, Lifting
from subscribers.person.timeline import timeline
from tests.staff.test_person_page import page, signed_in
from tests.tracking.ledger import SENT_AT, Ledger, exclude, make_people, make_send
from tests.tracking.test_fold import fold_these

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>\x1b[31m"


@pytest.fixture
def ledger() -> Ledger:
    """Anna signs up, gets a send that a scanner reads before her, complains, and is looked at by others."""
    (anna,) = make_people(["anna@example.org"])
    ledger = make_send([anna], headlines=(f"Tea {HOSTILE}", "A new bridge"))
    weekly = ledger.send.mailing_list
    Consent.objects.create(
        subscriber=anna,
        mailing_list=weekly,
        action="signed_up",
        source=HOSTILE,
        detail={"network": "192.0.2.0/24"},
        at=SENT_AT - timedelta(days=2),
    )
    Consent.objects.create(
        subscriber=anna,
        mailing_list=weekly,
        action="confirmed",
        source="confirmation page",
        at=SENT_AT - timedelta(days=1),
    )
    Letter.objects.create(
        subscriber=anna, mailing_list=weekly, kind="confirm", created_at=SENT_AT - timedelta(days=2, hours=-1)
    )
    fold_these(
        ledger.event("delivered", after=10),
        ledger.event("click", after=11, url="https://example.org/bridge"),
        ledger.event("open", after=20, sg_machine_open=True),
        ledger.event("open", after=300),
        ledger.event("click", after=310, url="https://example.org/tea"),
        ledger.event("spamreport", after=400),
    )
    return ledger


def test_everything_is_in_one_order_of_time(ledger):
    anna, weekly = ledger.subscribers[0], ledger.send.mailing_list
    leave(weekly.pk, anna.pk, source="page after leaving", remark="too many mails")
    AddressChange.objects.create(subscriber=anna, address="new@example.org", expires_at=SENT_AT)
    told = timeline(anna)
    assert [moment.at for moment in told] == sorted(moment.at for moment in told)
    assert [moment.what for moment in told][:9] == [
        "signed up",
        "letter asked for",
        "confirmed",
        "sent",
        "delivered",
        "clicked by a machine",
        "opened by a machine",
        "opened by a person",
        "clicked",
    ]
    assert {moment.what for moment in told[9:]} == {
        "complained",
        "suppressed",
        "left",
        "remark on leaving",
        "new address asked for",
    }
    clicked = told[8]
    assert clicked.about == "The Weekly 7"
    assert "https://example.org/tea" in clicked.more


def test_what_programs_did_says_by_which_rule(ledger):
    machines = {moment.what: moment.machine for moment in timeline(ledger.subscribers[0]) if moment.machine}
    assert machines == {"clicked by a machine": WORDS["instant"], "opened by a machine": WORDS["flag"]}


def test_who_was_left_out_sees_why_and_a_lifted_suppression_both_times(ledger):
    (ben,) = make_people(["ben@example.org"])
    exclude(ledger.send, [ben], "suppressed")
    Lifting.objects.create(
        address=ben.email, reason="bounce", suppressed_at=SENT_AT, by="mia", because="a new mailbox"
    )
    told = [(moment.what, moment.more) for moment in timeline(ben)]
    assert ("left out", "This week · suppressed by staff") in told
    assert [what for what, _ in told if "suppress" in what] == ["suppressed", "suppression lifted"]


def test_the_page_and_the_terminal_show_it_with_hostile_words_as_text(ledger):
    anna = ledger.subscribers[0]
    client = signed_in("marketer")
    for name in ("facts", "timeline"):
        text = client.get(page(anna, name)).text
        assert "Timeline" in text
        assert "By a program: " in text
        assert "<script>alert" not in text
    out = StringIO()
    call_command("person", "Anna@Example.org", "--timeline", stdout=out)
    assert "clicked by a machine" in out.getvalue()
    assert "\x1b" not in out.getvalue()
    out = StringIO()
    call_command("person", "anna@example.org", "--timeline", "--json", stdout=out)
    (moments,) = json.loads(out.getvalue())
    assert moments[0]["what"] == "signed up"


def test_the_page_shows_the_newest_and_leads_to_all(ledger):
    anna = ledger.subscribers[0]
    for n in range(50):
        Consent.objects.create(
            subscriber=anna,
            mailing_list=ledger.send.mailing_list,
            action="changed",
            source=f"change {n}",
            at=SENT_AT - timedelta(days=100 + n),
        )
    client = signed_in("marketer")
    first = client.get(page(anna)).text
    count = len(timeline(anna))
    assert f"{count - 40} moments before these" in first
    assert client.get(page(anna, "timeline")).text.count("<time ") == count


def test_the_timeline_wants_the_right_to_see_people(ledger, client):
    address = page(ledger.subscribers[0], "timeline")
    assert client.get(address).url.startswith("/staff/login/")
    assert signed_in("reader").get(address).status_code == 403
