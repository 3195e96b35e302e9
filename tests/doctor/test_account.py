"""What the doctor says of SendGrid's account: every setting in order, wrong, and hidden from a restricted key."""

from dataclasses import replace

import pytest

from mailer.doctor.result import State
from mailer.doctor.tracking import WANTED
from mailer.emulator.account import domain, verified_sender, webhook
from mailer.emulator.config import SCOPES
from tests.doctor.conftest import DOMAIN

URL = "https://news.harbour-times.sg/webhooks/sendgrid/events"


@pytest.fixture(autouse=True)
def _published(settings, inbox) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, public_url="https://news.harbour-times.sg")


def forbid(inbox, path: str) -> None:
    inbox.fail("forbidden", path=f"/v3/{path}", count=None)


def test_a_good_key_is_shown_by_its_end_only(ask, settings, inbox):
    good = ask("SendGrid's key", "key")
    assert (good.state, good.todo) == (State.FINE, "")
    assert "SG." not in good.seen
    settings.ENVIRONMENT = replace(
        settings.ENVIRONMENT, sendgrid_api_key="SG.averylongkeyindeed.andmorelast4"
    )
    bad = ask("SendGrid's key", "key")
    assert bad.state == State.WRONG
    assert "SG.…ast4 (401)" in bad.seen
    assert "averylong" not in bad.seen


def test_a_key_that_may_not_show_its_scopes_is_good_and_the_scopes_are_unseen(ask, inbox):
    forbid(inbox, "scopes")
    assert ask("SendGrid's key", "key").state == State.FINE
    assert ask("SendGrid's key", "scopes").state == State.UNSEEN


def test_no_answer_says_nothing_about_the_key(ask, inbox):
    inbox.fail("reset_before", path="/v3/scopes", count=None)
    result = ask("SendGrid's key", "key")
    assert result.state == State.UNSEEN
    assert "no whole answer" in result.seen


def test_each_missing_scope_is_named_with_what_does_not_work_without_it(ask, account):
    assert ask("SendGrid's key", "scopes").state == State.FINE
    account(scopes=sorted(SCOPES - {"messages.read", "suppression.bounces.delete"}))
    result = ask("SendGrid's key", "scopes")
    assert result.state == State.WRONG
    assert "logs cannot be read (messages.read)" in result.seen
    assert "stay on SendGrid's (suppression.bounces.delete)" in result.seen
    assert "nothing can be sent" not in result.seen


def test_a_trial_send_is_accepted_and_sends_nothing(ask, inbox):
    assert ask("Senders", "weekly: trial send").state == State.FINE
    assert inbox.summary()["answers"] == {"200": 1}
    assert inbox.messages() == []


def test_a_sender_that_sendgrid_refuses_is_wrong(ask, inbox):
    inbox.fail("forbidden")
    result = ask("Senders", "weekly: trial send")
    assert result.state == State.WRONG
    assert "access forbidden" in result.seen


def test_a_sender_that_no_request_can_carry_is_wrong(ask, inbox):
    result = ask("Senders", "weekly: trial send", from_email="weekly at harbour")
    assert result.state == State.WRONG
    assert "not a valid e-mail address" in result.seen


@pytest.mark.parametrize(("kind", "how"), [("rate_limit", {}), ("server_error", {"status": 500})])
def test_an_answer_that_proves_nothing_leaves_the_sender_unseen(ask, inbox, kind, how):
    inbox.fail(kind, **how)
    assert ask("Senders", "weekly: trial send").state == State.UNSEEN


def test_a_key_that_may_not_send_cannot_try_a_sender(ask, account, inbox):
    account(scopes=["messages.read"])
    assert ask("Senders", "weekly: trial send").state == State.UNSEEN
    assert inbox.summary()["answers"] == {}


def test_a_sender_of_an_authenticated_domain_is_fine(ask, account):
    account(domains=[domain("other.sg"), domain(DOMAIN)])
    assert "harbour-times.sg is authenticated" in ask("Senders", "weekly: identity").seen
    below = ask("Senders", "weekly: identity", from_email=f"a@news.{DOMAIN}")
    assert below.state == State.FINE


def test_a_domain_whose_records_sendgrid_did_not_find_is_wrong(ask, account):
    entry = domain(DOMAIN) | {"valid": False}
    entry["dns"]["dkim1"]["valid"] = False
    account(domains=[entry], verified_senders=[])
    result = ask("Senders", "weekly: identity")
    assert result.state == State.WRONG
    assert "(CNAME s1._domainkey.harbour-times.sg)" in result.seen


def test_a_single_verified_sender_will_do(ask, account):
    account(domains=[], verified_senders=[verified_sender(f"Weekly@{DOMAIN}")])
    result = ask("Senders", "weekly: identity")
    assert result.state == State.FINE
    assert result.todo
    account(verified_senders=[verified_sender(f"weekly@{DOMAIN}") | {"verified": False}])
    assert ask("Senders", "weekly: identity").state == State.WRONG


def test_hidden_domains_leave_the_sender_unseen_unless_it_is_verified_singly(ask, account, inbox):
    forbid(inbox, "whitelabel")
    account(verified_senders=[])
    result = ask("Senders", "weekly: identity")
    assert result.state == State.UNSEEN
    assert "403: it lacks the scope whitelabel.read" in result.seen
    account(verified_senders=[verified_sender(f"weekly@{DOMAIN}")])
    assert ask("Senders", "weekly: identity").state == State.FINE


def hook(inbox, **changes: object) -> dict[str, object]:
    return webhook(URL, inbox.call("GET", "webhook")["public_key"]) | changes


WEBHOOK = "SendGrid's event webhook"


def states(ask) -> list[str]:
    return [ask(WEBHOOK, name).state.value for name in ("address", "signature", "events")]


def test_a_hook_to_our_address_that_is_signed_with_a_known_key_and_gets_all_is_fine(ask, account, inbox):
    account(webhooks=[hook(inbox, url="https://else.sg/"), hook(inbox)])
    assert states(ask) == ["fine", "fine", "fine"]


def test_without_a_hook_of_ours_the_others_are_named_without_their_passwords(ask, account, inbox):
    account(webhooks=[hook(inbox, url="https://me:hunter2@else.sg/events?token=abc")])
    assert states(ask) == ["wrong", "unseen", "unseen"]
    result = ask(WEBHOOK, "address")
    assert "https://else.sg/events" in result.seen
    assert "hunter2" not in result.seen
    assert "abc" not in result.seen


def test_what_is_wrong_with_the_hook_is_told(ask, account, inbox):
    account(webhooks=[hook(inbox, enabled=False, public_key="", spam_report=False, click=False)])
    assert states(ask) == ["wrong", "wrong", "wrong"]
    assert "switched off" in ask(WEBHOOK, "address").seen
    assert "not signed" in ask(WEBHOOK, "signature").seen
    assert "spam_report (complaints" in ask(WEBHOOK, "events").seen
    account(webhooks=[hook(inbox, public_key="MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEother")])
    assert states(ask) == ["fine", "wrong", "fine"]


def test_two_hooks_to_our_address_do_no_harm(ask, account, inbox):
    account(webhooks=[hook(inbox), hook(inbox)])
    result = ask(WEBHOOK, "address")
    assert (result.state, bool(result.todo)) == (State.FINE, True)


def test_a_restricted_key_does_not_see_the_hook(ask, inbox):
    forbid(inbox, "user/webhooks")
    assert states(ask) == ["unseen", "unseen", "unseen"]


@pytest.mark.parametrize("name", WANTED)
def test_the_account_s_tracking_is_shown_and_never_wrong(ask, account, inbox, name):
    as_mailer = ask("SendGrid's tracking", name)
    assert (as_mailer.state, as_mailer.todo) == (State.FINE, "")
    account(**{name: {"enabled": not WANTED[name][0]}})
    otherwise = ask("SendGrid's tracking", name)
    assert (otherwise.state, bool(otherwise.todo)) == (State.FINE, True)
    account(**{name: {}})
    assert ask("SendGrid's tracking", name).state == State.UNSEEN
    forbid(inbox, "tracking_settings")
    assert ask("SendGrid's tracking", name).state == State.UNSEEN


@pytest.mark.parametrize(
    "odd", [[1, None, "x"], [{"dns": 3, "domain": None}], [{"domain": DOMAIN, "dns": {"a": 1}}]]
)
def test_what_sendgrid_never_wrote_breaks_nothing(ask, account, odd):
    account(domains=odd, verified_senders=odd, webhooks=odd, links=odd)
    for subject, name in (("Senders", "weekly: identity"), (WEBHOOK, "address"), ("Links in mails", DOMAIN)):
        assert "itself failed" not in ask(subject, name).seen
