"""What SendGrid posts is believed only when signed, and what is good of it is kept."""

import json
import logging
import random
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.tracking.fold import fold_events
from mailer.tracking.intake import read_post
from mailer.tracking.models import Event, RefusedItem
from tests.tracking.posts import KEY, PATH, headers, post, public, sign, webhook_keys

pytestmark = pytest.mark.django_db

RECEIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _trusted() -> Iterator[None]:
    with webhook_keys(public()):
        yield


def kept() -> Any:
    """The events that are kept, once everything is folded."""
    while fold_events():
        pass
    return Event.objects


def event(number: int, **own: Any) -> dict[str, Any]:
    return {
        "event": "processed",
        "email": "ada@example.org",
        "timestamp": 1772442000,
        "sg_event_id": f"event-{number}",
        **own,
    }


def test_signed_events_are_stored_as_they_came() -> None:
    sent = event(1, category=["weekly"], unheard_of={"deep": [1, 2.5, None]})
    assert post([sent]).status_code == 204
    stored = kept().get()
    assert (stored.sg_event_id, stored.kind, stored.payload) == ("event-1", "processed", sent)
    assert stored.at == datetime.fromtimestamp(1772442000, UTC)


def test_events_that_come_again_are_stored_once() -> None:
    post([event(1), event(2), event(1)])
    post([event(3), event(2), event(1)])
    assert kept().count() == 3


def test_sendgrids_own_test_vector_is_accepted() -> None:
    """The key, signature and payload are those of the unit test in github.com/sendgrid/sendgrid-python."""
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglS"
        "I8eNEc6wEA3F+g=="
    )
    signature = (
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
    )
    body = (
        b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
        b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
        b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
        b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
    )
    with webhook_keys(public(), key):
        assert post(body, headers(signature, "1600112502")).status_code == 204
        assert post(body[:-2], headers(signature, "1600112502")).status_code == 403
    assert kept().get().payload["reason"] == "Bounced Address"


def test_a_post_signed_with_any_of_the_keys_is_accepted() -> None:
    older = ec.generate_private_key(ec.SECP256R1())
    body = orjson.dumps([event(1)])
    with webhook_keys(public(), public(older)):
        assert post(body, sign(body, key=older)).status_code == 204
        assert post(body, sign(body, key=KEY)).status_code == 204


@pytest.mark.parametrize(
    "signed",
    [
        {},
        headers("", ""),
        headers("not base64 at all", "1772442000"),
        headers("ÿÿÿÿ", "1772442000"),
        sign(b"another body"),
        sign(orjson.dumps([]), key=ec.generate_private_key(ec.SECP256R1())),
    ],
)
def test_a_post_without_a_good_signature_is_refused(signed: dict[str, str]) -> None:
    assert post(orjson.dumps([event(1)]), signed).status_code == 403
    assert not kept().exists()


def test_a_changed_timestamp_breaks_the_signature() -> None:
    body = orjson.dumps([event(1)])
    forged = sign(body) | {"X-Twilio-Email-Event-Webhook-Timestamp": "1772442001"}
    assert post(body, forged).status_code == 403


def test_without_a_key_everything_is_refused_and_the_log_names_the_setting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with webhook_keys(), caplog.at_level(logging.ERROR):
        assert post([event(1)]).status_code == 403
    assert "SENDGRID_WEBHOOK_KEYS" in caplog.text


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "patch"])
def test_only_post_is_answered(method: str) -> None:
    assert getattr(Client(), method)(PATH).status_code == 405


def test_a_post_needs_no_csrf_token() -> None:
    body = orjson.dumps([event(1)])
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(PATH, body, content_type="application/json", headers=sign(body))
    assert answer.status_code == 204


def test_a_post_beyond_the_limit_is_refused_before_it_is_read() -> None:
    body = orjson.dumps([event(n, filler="x" * 5_000) for n in range(1_000)])
    assert post(body).status_code == 413
    assert not kept().exists()


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n",
        b"[",
        b"null",
        b"{}",
        b'"text"',
        b"<html>",
        b"\x00\xff",
        b"[" * 100_000,
        b'[{"event":' * 50_000,
    ],
)
def test_what_is_no_array_is_refused(body: bytes) -> None:
    assert post(body).status_code == 400


def test_a_post_of_untold_length_is_refused_before_it_is_read() -> None:
    assert post(b"").status_code == 411


def test_an_empty_array_is_fine() -> None:
    assert post([]).status_code == 204


def test_the_good_half_of_a_post_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert post([event(1), None, "text", 7, [event(9)], event(2), {}]).status_code == 204
    assert set(kept().values_list("kind", flat=True)) == {"processed", ""}
    assert kept().count() == 3
    logged = next(record for record in caplog.records if "items_refused" in record.getMessage())
    assert "'items': 4" in logged.getMessage()
    assert [refused.item for refused in RefusedItem.objects.order_by("id")] == [
        "null",
        '"text"',
        "7",
        orjson.dumps([event(9)]).decode(),
    ]
    assert "example.org" not in caplog.text


@pytest.mark.parametrize(
    ("body", "good", "rest"),
    [
        (b'[{"event":"open"}', 1, []),
        (b'[{"event":"open"},{"event":"cli', 1, ['{"event":"cli']),
        (b'[{"event":"open"},{"event":cli},{"event":"click"}]', 2, ['{"event":cli},']),
        (b'[{"event":"open"},<html>,{"event":"click"}] and more', 1, ['<html>,{"event":"click"}] and more']),
    ],
)
def test_of_a_post_that_is_broken_what_can_be_read_is_kept(body: bytes, good: int, rest: list[str]) -> None:
    assert post(body).status_code == 204
    assert kept().count() == good
    assert list(RefusedItem.objects.values_list("item", flat=True)) == rest


def test_of_a_thousand_items_that_are_no_events_a_hundred_are_kept_and_the_number_of_the_others() -> None:
    assert post([1] * 1_000).status_code == 204
    assert not kept().exists()
    assert RefusedItem.objects.count() == 101
    assert RefusedItem.objects.latest("id").item == "and 900 more like these"


def test_an_item_of_any_depth_holds_nobody_up() -> None:
    body = b"[" + b"[" * 900 + b"]" * 900 + b"," + orjson.dumps(event(1)) + b"]"
    assert post(body).status_code == 204
    assert kept().count() == 1
    assert RefusedItem.objects.count() == 1


def test_an_event_that_postgresql_cannot_store_is_set_aside_and_holds_nobody_up() -> None:
    """Nobody has such an address; an index cannot hold it."""
    chance = random.Random(5)
    address = "".join(chance.choices(string.ascii_letters, k=9_000)) + "@example.org"
    assert post([event(1), event(2, email=address), event(3)]).status_code == 204
    assert post([event(4)]).status_code == 204
    assert set(kept().values_list("sg_event_id", flat=True)) == {"event-1", "event-3", "event-4"}
    assert orjson.loads(RefusedItem.objects.get().item)["sg_event_id"] == "event-2"


def test_an_event_without_an_id_is_known_again_by_its_content() -> None:
    nameless = {"event": "bounce", "email": "ada@example.org", "timestamp": 1772442000}
    post([nameless, event(1, sg_event_id=7), event(2, sg_event_id="x" * 201)])
    post([dict(reversed(nameless.items()))])
    assert kept().filter(sg_event_id__startswith="sha256:").count() == 3
    assert kept().count() == 3


def test_characters_that_postgresql_or_json_refuse_cost_only_themselves() -> None:
    body = (
        b'[{"event":"open","sg_event_id":"a\\u0000b","useragent":"nul \\u0000 here"},'
        b'{"event":"open","sg_event_id":"half","useragent":"\\ud83d"},'
        b'{"event":"open","sg_event_id":"latin","useragent":"caf\xe9"},'
        b'{"event":"open","sg_event_id":"nan","score":NaN,"big":1e999,"long":' + b"9" * 400 + b"}]"
    )
    assert post(body).status_code == 204
    payloads = {stored.sg_event_id: stored.payload for stored in kept().all()}
    assert payloads.keys() == {"ab", "half", "latin", "nan"}
    assert payloads["ab"]["useragent"] == "nul  here"
    assert payloads["nan"]["score"] is None


@pytest.mark.parametrize("levels", [250, 300, 1_000])
def test_a_value_that_is_nested_too_deep_costs_only_itself(levels: int) -> None:
    deep = b"[" * levels + b"]" * levels
    body = b'[{"event":"open","sg_event_id":"deep","timestamp":1772442000,"x":%b},{"event":"open","timestamp":1772442000,"x":%b},{"event":"click","timestamp":1772442000}]'
    assert post(body % (deep, deep)).status_code == 204
    assert sorted(kept().values_list("kind", flat=True)) == ["click", "open", "open"]
    assert post(body % (deep, deep)).status_code == 204
    assert kept().count() == 3


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (1772442000, datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
        ("1772442000", datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
        (1772442000.5, datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)),
        (1772442000000, RECEIVED),
        (-1, RECEIVED),
        (0, RECEIVED),
        (1e300, RECEIVED),
        (10**30, RECEIVED),
        ("yesterday", RECEIVED),
        ("nan", RECEIVED),
        (True, RECEIVED),
        (None, RECEIVED),
        ([1772442000], RECEIVED),
    ],
)
def test_a_time_stamp_that_cannot_be_believed_is_the_time_of_receipt(
    timestamp: Any, expected: datetime
) -> None:
    [row] = read_post(json.dumps([{"timestamp": timestamp}]).encode(), RECEIVED).rows
    assert row.at == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["event", "email", "timestamp", "sg_event_id", "mailer_send", "mailer_subscriber", "type"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(FIELDS | st.text(), JSON, max_size=6) | JSON, max_size=5))
def test_any_array_is_stored_whatever_is_in_it(items: list[Any]) -> None:
    before = kept().count()
    assert post(json.dumps(items).encode()).status_code == 204
    assert kept().count() - before <= sum(isinstance(item, dict) for item in items)


@pytest.mark.django_db(transaction=True)
def test_without_postgresql_the_post_is_to_come_again() -> None:
    where = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        assert post([event(1)]).status_code == 503
    finally:
        connection.close()
        connection.settings_dict["HOST"] = where
    assert post([event(1)]).status_code == 204
    assert kept().count() == 1
