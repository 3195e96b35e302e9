"""The emulator's suppression lists: entries shown and removed, as SendGrid does."""

import pytest

from mailer.emulator.suppressions import Suppression, Suppressions
from tests.emulator.playground import KIND, Playground, mail, recipient, running

OWN = ("bounces", "blocks", "invalid_emails", "spam_reports")


def put(emulator: Playground, kind: str, *emails: str) -> None:
    entries = [
        {"kind": kind, "email": email, "created": 1_700_000_000, "reason": "550 no"} for email in emails
    ]
    emulator.control("POST", "/suppressions", {"entries": entries})


def emails(emulator: Playground, kind: str) -> set[str]:
    return {entry["email"] for entry in emulator.api("GET", f"/v3/suppression/{kind}").json()}


@pytest.mark.parametrize("kind", OWN)
def test_an_entry_is_shown_and_removed(emulator: Playground, kind: str) -> None:
    put(emulator, kind, "a@example.org", "b@example.org")
    (entry,) = emulator.api("GET", f"/v3/suppression/{kind}/A%40example.org").json()
    assert (entry["email"], entry["created"]) == ("a@example.org", 1_700_000_000)
    assert emulator.api("DELETE", f"/v3/suppression/{kind}/A%40example.org").status == 204
    assert emulator.api("GET", f"/v3/suppression/{kind}/a%40example.org").json() == []
    assert emulator.api("DELETE", f"/v3/suppression/{kind}/a%40example.org").status == 404
    assert emails(emulator, kind) == {"b@example.org"}


@pytest.mark.parametrize("kind", OWN)
def test_several_entries_or_all_are_removed(emulator: Playground, kind: str) -> None:
    put(emulator, kind, *(f"a{number}@example.org" for number in range(5)))
    path = f"/v3/suppression/{kind}"
    assert emulator.api("DELETE", path, {"emails": ["a0@example.org", "A1@example.org"]}).status == 204
    assert len(emails(emulator, kind)) == 3
    assert emulator.api("DELETE", path, {"delete_all": True}).status == 204
    assert emails(emulator, kind) == set()


@pytest.mark.parametrize(
    "body", [{}, {"emails": []}, {"emails": [1]}, {"delete_all": True, "emails": ["a@b.c"]}, []]
)
def test_a_removal_says_what_it_is_of(emulator: Playground, body: object) -> None:
    put(emulator, "bounces", "a@example.org")
    assert emulator.api("DELETE", "/v3/suppression/bounces", body).status == 400
    assert emails(emulator, "bounces") == {"a@example.org"}


def test_an_address_is_taken_off_the_global_list(emulator: Playground) -> None:
    emulator.api("POST", "/v3/asm/suppressions/global", {"recipient_emails": ["a@example.org"]})
    assert emulator.api("DELETE", "/v3/asm/suppressions/global/A%40example.org").status == 204
    assert emulator.api("GET", "/v3/asm/suppressions/global/a%40example.org").json() == {}
    assert emulator.api("DELETE", "/v3/asm/suppressions/global/a%40example.org").status == 404
    assert emulator.api("DELETE", "/v3/suppression/unsubscribes/a%40example.org").status == 404


def test_a_removal_needs_its_own_scope() -> None:
    with running(api_keys={"SG.local": frozenset({"suppression.bounces.read"})}) as emulator:
        put(emulator, "bounces", "a@example.org")
        assert emulator.api("DELETE", "/v3/suppression/bounces/a%40example.org").status == 403
        assert emulator.api("GET", "/v3/suppression/bounces/a%40example.org").status == 200


def test_mail_reaches_an_address_again_once_it_is_removed(webhook) -> None:
    with running(world=KIND, webhook_url=webhook.url) as emulator:
        put(emulator, "bounces", "a@example.org")
        emulator.send(mail(recipient("a@example.org")))
        emulator.settled()
        emulator.api("DELETE", "/v3/suppression/bounces/a%40example.org")
        emulator.send(mail(recipient("a@example.org")))
        emulator.settled()
        assert webhook.names("a@example.org") == ["dropped", "processed", "delivered"]


def test_a_removal_outlasts_a_restart(tmp_path) -> None:
    lists = Suppressions(tmp_path)
    lists.add([Suppression("bounces", f"a{number}@example.org", 1, 0) for number in range(3)])
    lists.remove("bounces", ["A1@example.org"])
    lists.add([Suppression("bounces", "a2@example.org", 5, 0)])
    found = {entry.email: entry.created for entry in Suppressions(tmp_path).entries("bounces")}
    assert found == {"a0@example.org": 1, "a2@example.org": 1}
    lists.remove("bounces", None)
    assert Suppressions(tmp_path).entries("bounces") == []


@pytest.mark.parametrize("entry", [{}, {"kind": "x", "email": "a@b.c", "created": 1}, {"kind": "bounces"}, 5])
def test_the_control_api_refuses_a_wrong_entry(emulator: Playground, entry: object) -> None:
    headers = {"X-Emulator-Control": "1"}
    answer = emulator.call("POST", "/control/suppressions", {"entries": [entry]}, headers)
    assert (answer.status, answer.json()["error"]["code"]) == (400, "bad_entry")
