"""Keys, scopes, settings, suppressions and logs."""

import time

import pytest

from mailer.emulator.config import EmulatorConfig, EmulatorError
from mailer.emulator.logs import QueryError, parse_query
from mailer.emulator.server import EmulatorServer
from mailer.emulator.signing import public_key
from tests.emulator.playground import KIND, Playground, mail, recipient, running


def test_a_wrong_key_gets_401_and_a_narrow_one_403() -> None:
    with running(api_keys={"SG.narrow": frozenset({"messages.read"})}) as emulator:
        answer = emulator.send(mail())
        assert (answer.status, answer.errors[0][1]) == (
            401,
            "The provided authorization grant is invalid, expired, or revoked",
        )
        emulator.key = "SG.narrow"
        answer = emulator.send(mail())
        assert (answer.status, answer.errors) == (403, [(None, "access forbidden")])
        assert emulator.api("GET", "/v3/scopes").json() == {"scopes": ["messages.read"]}
        assert emulator.messages() == []


def test_the_account_shows_its_settings(emulator: Playground) -> None:
    assert "mail.send" in emulator.api("GET", "/v3/scopes").json()["scopes"]
    domain = emulator.api("GET", "/v3/whitelabel/domains").json()[0]
    assert domain["valid"]
    assert all(record["valid"] for record in domain["dns"].values())
    assert (
        emulator.api("GET", "/v3/verified_senders").json()["results"][0]["from_email"] == "news@example.com"
    )
    for name in ("click", "open", "subscription"):
        assert "enabled" in emulator.api("GET", f"/v3/tracking_settings/{name}").json()
    assert emulator.api("GET", "/v3/user/webhooks/event/settings/all").json()["webhooks"] == []
    signed = emulator.api("GET", "/v3/user/webhooks/event/settings/signed").json()
    assert signed["public_key"] == emulator.server.public_key
    assert emulator.api("GET", "/v3/nothing").status == 404


def test_the_account_shows_something_else_when_it_is_told_to(emulator: Playground) -> None:
    hooks = [{"url": "https://example.org/", "enabled": False}]
    emulator.control("POST", "/account", {"scopes": ["whitelabel.read"], "domains": [], "webhooks": hooks})
    assert emulator.api("GET", "/v3/scopes").json() == {"scopes": ["whitelabel.read"]}
    assert emulator.api("GET", "/v3/whitelabel/domains").json() == []
    assert emulator.api("GET", "/v3/tracking_settings/click").status == 403
    told = emulator.control("POST", "/account", {"scopes": None, "click": {"enabled": False}})
    assert told == {"domains": [], "webhooks": hooks, "click": {"enabled": False}}
    assert emulator.api("GET", "/v3/user/webhooks/event/settings/all").json()["webhooks"] == hooks
    assert emulator.api("GET", "/v3/tracking_settings/click").json() == {"enabled": False}
    assert emulator.api("GET", "/v3/whitelabel/links").json()[0]["valid"]
    for wrong in ({"senders": []}, {"domains": {}}, {"open": True}):
        refused = emulator.call("POST", "/control/account", wrong, {"X-Emulator-Control": "1"})
        assert refused.status == 400


def test_suppressions_are_listed_by_time_in_pages(emulator: Playground) -> None:
    emails = [f"gone{number}@example.org" for number in range(7)]
    added = emulator.api("POST", "/v3/asm/suppressions/global", {"recipient_emails": emails})
    assert (added.status, added.json()) == (201, {"recipient_emails": emails})
    path = "/v3/suppression/unsubscribes"
    first = emulator.api("GET", f"{path}?limit=5").json()
    rest = emulator.api("GET", f"{path}?limit=5&offset=5").json()
    assert {entry["email"] for entry in first + rest} == set(emails)
    now = first[0]["created"]
    assert len(emulator.api("GET", f"{path}?start_time={now - 5}&end_time={now}").json()) == 7
    assert emulator.api("GET", f"{path}?start_time={now + 5}").json() == []
    assert emulator.api("GET", f"{path}?limit=501").status == 400
    assert emulator.api("GET", f"{path}?limit=x").status == 400
    shown = emulator.api("GET", "/v3/asm/suppressions/global/GONE1@example.org").json()
    assert shown == {"recipient_email": "GONE1@example.org"}
    assert emulator.api("GET", "/v3/asm/suppressions/global/else@example.org").json() == {}


def test_a_message_is_found_in_the_logs_with_its_custom_args() -> None:
    with running(world=KIND) as emulator:
        people = [recipient(f"r{n}@example.org", custom_args={"delivery": str(n)}) for n in range(3)]
        request_id = emulator.send(mail(*people, categories=["weekly"])).headers["x-message-id"]
        emulator.settled()
        query = "to_email = \"r1@example.org\" AND status IN ('delivered', 'processed') AND categories IN ('weekly')"
        (found,) = emulator.api("POST", "/v3/logs", {"query": query, "limit": 5}).json()["messages"]
        assert found["to_email"] == "r1@example.org"
        assert found["status"] == "delivered"
        assert found["sg_message_id"].startswith(request_id + ".")
        shown = emulator.api("GET", f"/v3/logs/{found['sg_message_id']}").json()
        assert shown["custom_args"] == {"delivery": "1"}
        assert [event["event"] for event in shown["events"]] == ["processed", "delivered"]
        assert "delivery" not in shown["events"][0]


def test_the_logs_filter_by_time_and_subject_and_limit(emulator: Playground) -> None:
    for number in range(3):
        emulator.send(mail(recipient(f"r{number}@example.org"), subject=f"Issue {number}"))

    def found(query: str, limit: int = 10) -> list[str]:
        answer = emulator.api("POST", "/v3/logs", {"query": query, "limit": limit})
        return [message["subject"] for message in answer.json()["messages"]]

    assert found("subject = 'Issue 1'") == ["Issue 1"]
    assert found("", limit=2) == ["Issue 2", "Issue 1"]
    assert len(found('sg_message_id_created_at > TIMESTAMP "2020-01-01T00:00:00Z"')) == 3
    assert found('sg_message_id_created_at < TIMESTAMP "2020-01-01T00:00:00Z"') == []
    assert emulator.api("POST", "/v3/logs", {"query": "", "limit": 1001}).status == 400


def test_an_early_look_into_the_logs_finds_nothing() -> None:
    with running(log_delay=3600.0) as emulator:
        emulator.send(mail())
        (message,) = emulator.messages()
        assert emulator.api("POST", "/v3/logs", {"query": "to_email = 'reader@example.org'"}).json() == {
            "messages": []
        }
        assert emulator.api("GET", f"/v3/logs/{message['sg_message_id']}").status == 404
        emulator.server.emulator.logs.delay = 0
        assert emulator.api("GET", f"/v3/logs/{message['sg_message_id']}").status == 200


@pytest.mark.parametrize(
    "made_up", ["nothing", "nothing.recvd-1-0.0", "{id}.recvd-emulator-1-0-FF.0", "{id}"]
)
def test_a_message_id_that_is_not_ours_is_not_found(emulator: Playground, made_up: str) -> None:
    request_id = emulator.send(mail()).headers["x-message-id"]
    assert emulator.api("GET", f"/v3/logs/{made_up.format(id=request_id)}").status == 404


@pytest.mark.parametrize(
    "query",
    [
        "subject",
        "subject > 'a'",
        "nothing = 'a'",
        "status = 'delivered'",
        "status IN ('opened')",
        "subject = 'a' OR subject = 'b'",
        "(subject = 'a')",
        "subject = 'a' AND",
        "sg_message_id_created_at > '2020'",
        'sg_message_id_created_at > TIMESTAMP "yesterday"',
        "subject = TIMESTAMP '2020-01-01'",
    ],
)
def test_a_query_outside_the_language_is_refused(query: str) -> None:
    with pytest.raises(QueryError):
        parse_query(query)


def test_a_quoted_value_keeps_its_quotes_and_words() -> None:
    (first, second) = parse_query(r"""subject = "A \"B\" AND c" AND to_email='x@example.org'""")
    assert first.values == ('A "B" AND c',)
    assert second.values == ("x@example.org",)


def test_the_public_key_is_known_before_the_first_start(tmp_path) -> None:
    key = public_key(tmp_path / "emulator")
    with running(store=tmp_path / "emulator") as emulator:
        assert emulator.server.public_key == key
        assert emulator.control("GET", "/webhook")["public_key"] == key
    assert (tmp_path / "emulator" / "webhook-public-key.txt").read_text().strip() == key
    assert (tmp_path / "emulator" / "webhook-key.pem").stat().st_mode & 0o077 == 0


def test_a_taken_port_is_told() -> None:
    with running() as emulator, pytest.raises(EmulatorError) as failure:
        EmulatorServer(EmulatorConfig(port=emulator.server.port))
    assert failure.value.code == "port_taken"


def test_a_key_that_is_no_key_is_told() -> None:
    with pytest.raises(EmulatorError) as failure:
        EmulatorServer(EmulatorConfig(port=0, signing_key="no key"))
    assert failure.value.code == "bad_signing_key"


def test_requests_since_and_before_a_suppression_differ(webhook) -> None:
    with running(world=KIND, webhook_url=webhook.url) as emulator:
        emulator.send(mail(recipient("a@example.org")))
        emulator.settled()
        emulator.api("POST", "/v3/asm/suppressions/global", {"recipient_emails": ["A@example.org"]})
        emulator.send(mail(recipient("a@example.org")))
        emulator.settled()
        assert webhook.names("a@example.org") == ["processed", "delivered", "dropped"]
        assert webhook.events[-1]["reason"] == "Unsubscribed Address"
        assert int(time.time()) - webhook.events[-1]["timestamp"] < 60
