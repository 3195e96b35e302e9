"""However a file is cut into chunks, the store and the summary are the same."""

import csv
import io
from dataclasses import asdict
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscribers.importing.mapping import read_rules
from subscribers.models import Consent, Subscriber, Subscription, Suppression, Topic
from tests.subscribers.importing.conftest import run_import

HEADER = ("email", "first name", "topics", "x", "y", "state")
MAPPING = {"state": "state", "y": "attributes.y:number"}
ADDRESSES = (
    "anna@example.org",
    "ANNA@example.org",
    "bo@example.org",
    "cy@example.org",
    "info@gmial.com",
    "bad",
    "",
)
STATES = (
    "active",
    "active",
    "active",
    "pending",
    "unsubscribed",
    "cleaned",
    "complained",
    "blocklisted",
    "?",
)

rows = st.tuples(
    st.sampled_from(ADDRESSES),
    st.sampled_from(("", "Ann", "Zoë")),
    st.sampled_from(("", "ai", "law", "ai; law", "knitting")),
    st.sampled_from(("", "1", "2")),
    st.sampled_from(("", "3", "many")),
    st.sampled_from(STATES),
)
rules = st.lists(
    st.sampled_from(
        (
            "first_name=fill",
            "first_name=keep",
            "topics=fill",
            "attributes=fill",
            "attributes.x=keep",
            "attributes.y=fill",
        )
    ),
    max_size=3,
)


def store() -> list[Any]:
    """All that an import writes, but for numbers and times."""
    people = Subscriber.objects.order_by("email").values_list(
        "email", "first_name", "topic_ids", "attributes"
    )
    subscriptions = Subscription.objects.order_by("subscriber__email").values_list(
        "subscriber__email", "state", "source"
    )
    consents = [
        (email, action, {key: value for key, value in detail.items() if key != "import"})
        for email, action, detail in Consent.objects.order_by("subscriber__email", "id").values_list(
            "subscriber__email", "action", "detail"
        )
    ]
    suppressions = Suppression.objects.order_by("address", "reason").values_list("address", "reason")
    return [list(people), list(subscriptions), consents, list(suppressions)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(rows, min_size=1, max_size=8),
    rules,
    st.integers(1, 4),
    st.sampled_from(("", "active", "pending", "unsubscribed")),
)
def test_chunks_of_any_size_give_the_same_as_one(weekly, tmp_path, table, written, size, known):
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *table])
    path = tmp_path / "people.csv"
    path.write_text(text.getvalue())
    found = []
    for rows_in_chunk in (1000, size):
        with transaction.atomic():
            topics = [Topic.objects.create(slug=slug, name=slug).pk for slug in ("ai", "law")]
            person = Subscriber.objects.create(
                email="Anna@example.org", first_name="A", attributes={"x": "0"}
            )
            if known:
                Subscription.objects.create(subscriber=person, mailing_list=weekly, state=known)
            summary = run_import(path, weekly, mapping=MAPPING, rules=read_rules(written), rows=rows_in_chunk)
            assert summary.adds_up
            stored = store()
            for each in stored[0]:
                each[2][:] = [topics.index(number) for number in each[2]]
            found.append((stored, {**asdict(summary), "refused_path": None}))
            transaction.set_rollback(True)
    assert found[0] == found[1]
