"""What stays between starts."""

from pathlib import Path

import pytest

from mailer.emulator.accepted import RequestStore
from tests.emulator.playground import KIND, Webhook, mail, recipient, running


def test_the_inbox_survives_a_restart(tmp_path: Path) -> None:
    with running(store=tmp_path) as emulator:
        for number in range(3):
            emulator.send(
                mail(recipient(f"王{number}@example.org".replace("王", "w")), subject=f"第{number}期")
            )
        before = emulator.messages()
        key = emulator.server.public_key
    with running(store=tmp_path) as emulator:
        assert emulator.messages() == before
        assert emulator.server.public_key == key
        emulator.send(mail(recipient("later@example.org")))
        assert len(emulator.messages()) == 4


def test_a_request_cut_off_by_a_crash_is_dropped(tmp_path: Path) -> None:
    with running(store=tmp_path) as emulator:
        emulator.send(mail(recipient("a@example.org")))
        emulator.send(mail(recipient("b@example.org")))
    log = tmp_path / "requests.log"
    whole = log.read_bytes()
    second = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    for cut in (len(whole) - 1, second + 20, second + 1):
        log.write_bytes(whole[:cut])
        with running(store=tmp_path) as emulator:
            assert [one["to"] for one in emulator.messages()] == ["a@example.org"]
            emulator.send(mail(recipient("c@example.org")))
        with running(store=tmp_path) as emulator:
            assert [one["to"] for one in emulator.messages()] == ["a@example.org", "c@example.org"]


def test_suppressions_survive_and_events_are_not_posted_again(tmp_path: Path, webhook: Webhook) -> None:
    with running(store=tmp_path, world=KIND, webhook_url=webhook.url) as emulator:
        emulator.send(mail())
        emulator.api("POST", "/v3/asm/suppressions/global", {"recipient_emails": ["gone@example.org"]})
        emulator.settled()
    with running(store=tmp_path, world=KIND, webhook_url=webhook.url) as emulator:
        emulator.send(mail(recipient("gone@example.org")))
        emulator.settled()
    assert webhook.names("reader@example.org") == ["processed", "delivered"]
    assert webhook.names("gone@example.org") == ["dropped"]


def test_events_that_were_not_taken_before_a_restart_come_after_it(tmp_path: Path, webhook: Webhook) -> None:
    with running(store=tmp_path, world=KIND, webhook_url="http://127.0.0.1:9/") as emulator:
        emulator.send(mail())
        (before,) = emulator.messages()
    with running(store=tmp_path, world=KIND, webhook_url=webhook.url) as emulator:
        emulator.settled()
    assert webhook.names("reader@example.org") == ["processed", "delivered"]
    assert webhook.events[0]["sg_message_id"] == before["sg_message_id"]


@pytest.mark.parametrize("folder", [True, False])
def test_any_message_is_found_by_its_place(tmp_path: Path, folder: bool) -> None:
    store = RequestStore(tmp_path if folder else None)
    for number in range(5):
        addresses = tuple(f"r{number}.{n}@example.org" for n in range(number))
        body = (
            b'{"personalizations":['
            + b",".join(b'{"to":[{"email":"%s"}]}' % address.encode() for address in addresses)
            + b'],"subject":"x"}'
        )
        store.add(f"id{number}", 1.0, body, addresses)
    assert store.messages == 10
    assert [store.message_at(place).email for place in range(10)] == [
        f"r{number}.{n}@example.org" for number in range(5) for n in range(number)
    ]
    with pytest.raises(IndexError):
        store.message_at(10)
    requests = store.all()
    assert [request.addresses for request in requests] == [
        tuple(f"r{number}.{n}@example.org" for n in range(number)) for number in range(5)
    ]
    store.clear()
    with pytest.raises(IndexError):
        requests[4].addresses  # noqa: B018 reading is the act
    store.close()
