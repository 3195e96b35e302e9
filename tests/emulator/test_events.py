"""Events as the webhook gets them."""

import time
from collections import Counter
from dataclasses import replace

import orjson
import pytest
from sendgrid.helpers.eventwebhook import EventWebhook

from mailer.emulator import agents
from mailer.emulator.config import EmulatorWorld
from tests.emulator.playground import HASTY, KIND, Playground, Webhook, mail, recipient, running, wait_for

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
HTML = [
    {"type": "text/plain", "value": "-name-"},
    {
        "type": "text/html",
        "value": '<a href="https://example.com/-id-?a=1&amp;b=2">a</a><a href="-whole-">b</a>'
        '<a clicktracking=off href="https://example.com/off">c</a>',
    },
]


def people(count: int, **rest: object) -> list[dict[str, object]]:
    return [recipient(f"r{number}@example.org", **rest) for number in range(count)]


def test_a_delivery_is_reported_with_what_sendgrid_reports(webhook: Webhook) -> None:
    with running(world=KIND, webhook_url=webhook.url) as emulator:
        person = recipient("Reader@Example.org", custom_args={"mailer_delivery": "7", "email": "not@this"})
        message_id = emulator.send(mail(person, categories=["weekly"])).headers["x-message-id"]
        assert emulator.settled()["posted"] == 2
    processed, delivered = webhook.events
    assert processed["event"] == "processed"
    assert delivered["response"].startswith("250")
    assert {processed["sg_event_id"]} != {delivered["sg_event_id"]}
    for event in (processed, delivered):
        assert event["email"] == "Reader@Example.org"
        assert event["sg_message_id"].partition(".")[0] == message_id
        assert event["mailer_delivery"] == "7"
        assert event["category"] == "weekly"
        assert event["smtp-id"].startswith("<")
        assert abs(event["timestamp"] - time.time()) < 120


def test_posts_are_signed_over_the_raw_bytes(webhook: Webhook) -> None:
    with running(world=KIND, webhook_url=webhook.url) as emulator:
        emulator.send(mail(*people(5), subject="Grüße 你好"))
        emulator.settled()
        verifier = EventWebhook(emulator.server.public_key)
    assert webhook.posts
    for headers, body in webhook.posts:
        assert body.endswith(b"]\r\n")
        assert headers["content-type"] == "application/json"
        assert verifier.verify_signature(body.decode(), headers[SIGNATURE], headers[TIMESTAMP])
        assert not verifier.verify_signature(body.decode().strip(), headers[SIGNATURE], headers[TIMESTAMP])


def test_events_come_in_batches(webhook: Webhook) -> None:
    with running(world=KIND, webhook_url=webhook.url, delivery=replace(HASTY, batch_size=10)) as emulator:
        emulator.send(mail(*people(50)))
        assert emulator.settled() == {
            "pending": 0, "retrying": 0, "posted": 100, "posts": 10, "refused_posts": 0, "lost": 0, "one_clicks": 0,
            "requests_waiting": 0, "idle": True,
        }  # fmt: skip
    assert [len(orjson.loads(body)) for _, body in webhook.posts] == [10] * 10


def test_a_refused_post_comes_again_until_it_is_taken(webhook: Webhook) -> None:
    webhook.answers = [500, 302, 503]
    with running(world=KIND, webhook_url=webhook.url) as emulator:
        emulator.send(mail())
        settled = emulator.settled()
    assert (settled["posted"], settled["refused_posts"]) == (2, 3)
    assert [headers["status"] for headers, _ in webhook.posts] == ["500", "302", "503", "204"]
    assert len({body for _, body in webhook.posts}) == 1


def test_a_webhook_that_is_not_there_yet_gets_its_events_later(webhook: Webhook) -> None:
    with running(world=KIND, webhook_url="http://127.0.0.1:9/") as emulator:
        emulator.send(mail())
        emulator.control("POST", "/webhook", {"url": webhook.url})
        assert emulator.settled()["posted"] == 2


def test_duplicates_on_request_have_the_same_event_id(webhook: Webhook) -> None:
    with running(
        world=KIND, webhook_url=webhook.url, delivery=replace(HASTY, duplicate_rate=1.0)
    ) as emulator:
        emulator.send(mail(*people(3)))
        assert emulator.settled()["posted"] == 12
    ids = [event["sg_event_id"] for event in webhook.events]
    assert len(ids) == 12
    assert all(ids.count(one) == 2 for one in ids)


def test_out_of_order_on_request(webhook: Webhook) -> None:
    delivery = replace(HASTY, batch_seconds=0.2, out_of_order=True, connections=1)
    with running(world=KIND, webhook_url=webhook.url, delivery=delivery) as emulator:
        emulator.send(mail(*people(50)))
        emulator.settled()
    orders = {tuple(webhook.names(f"r{number}@example.org")) for number in range(50)}
    assert orders == {("processed", "delivered"), ("delivered", "processed")}


def test_the_same_seed_gives_the_same_events(webhook: Webhook) -> None:
    world = EmulatorWorld(seed=5, hard_bounce=0.2, block=0.2, drop=0.1, invalid=0.1, deferral=0.3)
    runs = []
    for _ in range(2):
        webhook.posts.clear()
        with running(
            world=world, webhook_url=webhook.url, delivery=replace(HASTY, connections=1)
        ) as emulator:
            emulator.send(mail(*people(60), content=HTML))
            emulator.settled()
        runs.append([(event["email"], event["event"], event.get("reason")) for event in webhook.events])
    assert runs[0] == runs[1]
    assert {event for _, event, _ in runs[0]} >= {
        "processed",
        "delivered",
        "bounce",
        "dropped",
        "deferred",
        "open",
    }


def test_bounces_and_blocks_differ_and_only_bounces_suppress(webhook: Webhook) -> None:
    with running(world=replace(KIND, hard_bounce=1.0), webhook_url=webhook.url) as emulator:
        emulator.send(mail(recipient("bounce@example.org")))
        emulator.settled()
        emulator.control("POST", "/world", {"hard_bounce": 0, "block": 1})
        emulator.send(mail(recipient("block@example.org")))
        emulator.settled()
        emulator.control("POST", "/world", {"block": 0})
        emulator.send(mail(recipient("BOUNCE@example.org"), recipient("block@example.org")))
        emulator.settled()
        assert [entry["email"] for entry in emulator.api("GET", "/v3/suppression/bounces").json()] == [
            "bounce@example.org"
        ]
        assert len(emulator.api("GET", "/v3/suppression/blocks").json()) == 1
    (bounce, block) = (event for event in webhook.events if event["event"] == "bounce")
    assert (bounce["type"], bounce["status"][0]) == ("bounce", "5")
    assert bounce["bounce_classification"] in {"Invalid Address", "Mailbox Unavailable"}
    assert block["type"] == "blocked"
    (dropped,) = (event for event in webhook.events if event["event"] == "dropped")
    assert (dropped["email"], dropped["reason"]) == ("BOUNCE@example.org", "Bounced Address")
    assert webhook.names("block@example.org") == ["processed", "bounce", "processed", "delivered"]


def test_the_message_that_bounced_is_not_dropped_in_hindsight() -> None:
    with running(world=replace(KIND, hard_bounce=1.0)) as emulator:
        for _ in range(2):
            emulator.send(mail())
            emulator.settled()
        found = emulator.api("POST", "/v3/logs", {}).json()["messages"]
        assert [one["status"] for one in found] == ["dropped", "bounced"]


@pytest.mark.parametrize(
    ("rate", "list_name", "reason"),
    [
        ("invalid", "invalid_emails", "Invalid"),
        ("complaint", "spam_reports", "Spam Reporting Address"),
        ("unsubscribe", "unsubscribes", "Unsubscribed Address"),
    ],
)
def test_who_is_suppressed_gets_dropped_events(
    webhook: Webhook, rate: str, list_name: str, reason: str
) -> None:
    with running(world=replace(KIND, **{rate: 1.0}), webhook_url=webhook.url) as emulator:
        for _ in range(2):
            emulator.send(mail())
            emulator.settled()
        (entry,) = emulator.api("GET", f"/v3/suppression/{list_name}").json()
        assert entry["email"] == "reader@example.org"
    assert webhook.events[-1]["event"] == "dropped"
    assert webhook.events[-1]["reason"] == reason


def test_clicks_name_the_original_address_of_tracked_links_only(webhook: Webhook) -> None:
    with running(world=replace(KIND, click=1.0), webhook_url=webhook.url) as emulator:
        emulator.send(
            mail(*people(30, substitutions={"-id-": "7", "-whole-": "https://example.com/w"}), content=HTML)
        )
        emulator.settled()
    clicks = [event for event in webhook.events if event["event"] == "click"]
    assert {click["url"] for click in clicks} == {"https://example.com/7?a=1&b=2"}
    assert clicks[0]["url_offset"] == {"index": 0, "type": "html"}
    for number in range(30):
        names = webhook.names(f"r{number}@example.org")
        assert names.index("delivered") < names.index("open") < names.index("click")


def test_tracking_that_is_off_reports_nothing(webhook: Webhook) -> None:
    off = {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}}
    with running(world=replace(KIND, click=1.0, human_open=1.0), webhook_url=webhook.url) as emulator:
        emulator.send(mail(*people(5), content=HTML, tracking_settings=off))
        emulator.settled()
    assert {event["event"] for event in webhook.events} == {"processed", "delivered"}


def test_only_machine_opens_say_so_and_hours_lie_between(webhook: Webhook) -> None:
    with running(world=replace(KIND, human_open=1.0, machine_open=1.0), webhook_url=webhook.url) as emulator:
        emulator.send(mail(*people(40)))
        emulator.settled()
    opens = [event for event in webhook.events if event["event"] == "open"]
    machine = [event for event in opens if event.get("sg_machine_open")]
    assert len(machine) == 40
    assert all("sg_machine_open" not in event for event in opens if event not in machine)
    assert max(event["timestamp"] for event in opens) - time.time() > 3600
    assert "smtp-id" not in opens[0]


def test_readers_programs_and_scanners_have_user_agents_of_their_own(webhook: Webhook) -> None:
    world = replace(KIND, human_open=1.0, click=1.0, prefetch=1.0, scanner=1.0)
    with running(world=world, webhook_url=webhook.url) as emulator:
        emulator.send(mail(*people(40), content=HTML))
        emulator.settled()
    opens = Counter(event["useragent"] for event in webhook.events if event["event"] == "open")
    assert opens[agents.GMAIL_PREFETCH] == 40
    assert {agents.GMAIL, agents.OUTLOOK, agents.THUNDERBIRD} < opens.keys()
    clicks = [event["useragent"] for event in webhook.events if event["event"] == "click"]
    scans = [agent for agent in clicks if agent in (agents.NAMED_SCANNER, agents.SCANNER)]
    assert len(scans) == 40
    assert set(scans) == {agents.NAMED_SCANNER, agents.SCANNER}
    assert agents.GMAIL not in clicks, "a proxy fetches pictures; its readers click in a browser"


def test_an_unsubscribe_from_a_group_names_it(webhook: Webhook) -> None:
    with running(world=replace(KIND, unsubscribe=1.0), webhook_url=webhook.url) as emulator:
        emulator.send(mail(asm={"group_id": 12}))
        emulator.settled()
    assert (webhook.events[-1]["event"], webhook.events[-1]["asm_group_id"]) == ("group_unsubscribe", 12)


def test_an_unsubscribing_recipient_posts_the_one_click_address(webhook: Webhook) -> None:
    headers = {
        "List-Unsubscribe": f"<mailto:leave@example.com>, <{webhook.url}/u/token?x=1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    with running(world=replace(KIND, unsubscribe=1.0, one_click=True), webhook_url=webhook.url) as emulator:
        emulator.send(mail(recipient("a@example.org", headers=headers), recipient("b@example.org")))
        assert emulator.settled()["one_clicks"] == 1
        # SendGrid knows nothing of a one-click that went past it.
        assert [entry["email"] for entry in emulator.api("GET", "/v3/suppression/unsubscribes").json()] == [
            "b@example.org"
        ]
    (posted,) = [(headers, body) for headers, body in webhook.posts if headers["path"] != "/events"]
    assert posted[0]["path"] == "/events/u/token?x=1"
    assert posted[0]["content-type"] == "application/x-www-form-urlencoded"
    assert posted[1] == b"List-Unsubscribe=One-Click"


def test_simulated_time_can_run_slower_than_at_once(webhook: Webhook) -> None:
    world = replace(KIND, human_open=1.0, time_compression=1.0)
    with running(world=world, webhook_url=webhook.url) as emulator:
        emulator.send(mail(*people(5)))
        wait_for(lambda: emulator.control("GET", "/events/pending")["posted"] >= 5)
        assert not emulator.control("GET", "/events/pending")["idle"]
        emulator.control("POST", "/reset")
        assert emulator.settled()["pending"] == 0
    assert "open" not in {event["event"] for event in webhook.events}


def test_a_post_under_way_at_a_reset_does_not_come_again(webhook: Webhook) -> None:
    webhook.gate.clear()
    webhook.answers = [500]
    with running(world=KIND, webhook_url=webhook.url) as emulator:
        emulator.send(mail())
        wait_for(lambda: webhook.arrived)
        emulator.control("POST", "/reset")
        webhook.gate.set()
        settled = emulator.settled()
        assert (settled["posts"], settled["pending"]) == (0, 0)
    assert len(webhook.posts) == 1


def test_the_world_can_be_paused_and_switched_off(webhook: Webhook) -> None:
    with running(world=KIND, webhook_url=webhook.url) as emulator:
        emulator.control("POST", "/world", {"paused": True})
        emulator.send(mail())
        assert not emulator.control("GET", "/events/pending")["idle"]
        assert webhook.posts == []
        emulator.control("POST", "/world", {"paused": False})
        emulator.settled()
        emulator.control("POST", "/world", {"enabled": False})
        emulator.send(mail())
        assert emulator.settled()["requests_waiting"] == 1
        assert len(webhook.events) == 2
        emulator.control("POST", "/world", {"enabled": True})
        assert emulator.settled()["posted"] == 4


def test_given_events_are_posted_as_they_are(webhook: Webhook) -> None:
    events = [{"event": "never_heard_of", "email": "a@example.org", "n": n} for n in range(3)]
    with running(webhook_url=webhook.url) as emulator:
        assert emulator.control("POST", "/events", events) == {"queued": 3}
        emulator.settled()
        (headers, body) = webhook.posts[0]
        assert orjson.loads(body) == events
        assert EventWebhook(emulator.server.public_key).verify_signature(
            body.decode(), headers[SIGNATURE], headers[TIMESTAMP]
        )


def test_events_to_nowhere_are_told(emulator: Playground) -> None:
    answer = emulator.call("POST", "/control/events", [{"event": "open"}], {"X-Emulator-Control": "1"})
    assert (answer.status, answer.json()["error"]["code"]) == (400, "no_webhook")
