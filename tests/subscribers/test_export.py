"""Subscribers written as CSV, and read back."""

import csv
import io
import os
import stat
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from subscribers.exporting.errors import CannotExport
from subscribers.exporting.export import BYTE_ORDER_MARK, pieces, prepare
from subscribers.exporting.scope import Scope, scope_of
from subscribers.importing import import_file
from subscribers.models import Consent, MailingList, Segment, Subscriber, Subscription, Suppression, Topic
from subscribers.privacy.erase import erase
from tests.newsroom import subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly() -> MailingList:
    return MailingList.objects.create(slug="weekly", name="Weekly")


def written(scope: Scope, *names: str) -> str:
    return "".join(pieces(prepare(scope, names)))


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))


def test_a_row_holds_what_is_known_of_somebody_on_the_list(weekly) -> None:
    ai, policy = (Topic.objects.create(slug=slug, name=slug.title()) for slug in ("ai", "policy"))
    person = Subscriber.objects.create(
        email="Anna@example.org",
        first_name="Anna",
        last_name="Schmidt",
        language="de-AT",
        time_zone="Asia/Singapore",
        country="SG",
        topic_ids=[ai.pk, policy.pk],
        attributes={"company": "ACME", "age": 41, "vip": True, "tags": ["a", "b"]},
    )
    subscription = Subscription.objects.create(
        subscriber=person,
        mailing_list=weekly,
        state="active",
        cadence="monthly",
        paused_until="2026-05-01",
        source="form",
    )
    Suppression.objects.create(address="anna@example.org", reason="manual")
    Suppression.objects.create(address="anna@example.org", reason="bounce")
    (row,) = rows(written(Scope(weekly)))
    subscription.refresh_from_db()
    person.refresh_from_db()
    assert row == {
        "email": "Anna@example.org",
        "first_name": "Anna",
        "last_name": "Schmidt",
        "language": "de-AT",
        "time_zone": "Asia/Singapore",
        "country": "SG",
        "topics": "ai; policy",
        "attributes.age:number": "41",
        "attributes.company": "ACME",
        "attributes.tags:list": "a; b",
        "attributes.vip:yes_no": "yes",
        "subscription.state": "active",
        "subscription.cadence": "monthly",
        "subscription.paused_until": "2026-05-01",
        "subscription.source": "form",
        "subscription.since": subscription.created_at.isoformat(),
        "subscription.changed_at": subscription.changed_at.isoformat(),
        "suppressed_for": "bounce",
        "known_since": person.created_at.isoformat(),
    }


def test_only_chosen_states_and_columns_in_the_order_given(weekly) -> None:
    for state in ("active", "pending", "unsubscribed"):
        subscribe(weekly, f"{state}@example.org", state=state)
    text = written(Scope(weekly, states=("active", "pending")), "subscription.state", "email")
    assert (
        text
        == f"{BYTE_ORDER_MARK}subscription.state,email\r\nactive,active@example.org\r\npending,pending@example.org\r\n"
    )


def test_nobody_of_another_list_and_nobody_erased(weekly) -> None:
    _, erased = subscribe(weekly, "on@example.org", "erased@example.org")
    subscribe(MailingList.objects.create(slug="other", name="Other"), "off@example.org")
    erase(erased.pk, by="the person", source="test")
    assert [row["email"] for row in rows(written(Scope(weekly)))] == ["on@example.org"]
    everybody = Segment.objects.create(
        slug="all", name="All", rule={"version": 1, "none": [{"field": "country", "is": "SG"}]}
    )
    assert [row["email"] for row in rows(written(Scope(segment=everybody)))] == [
        "on@example.org",
        "off@example.org",
    ]


def test_a_segment_has_people_of_every_list_and_with_a_list_those_in_both(weekly) -> None:
    people = subscribe(weekly, "sg@example.org", "my@example.org")
    elsewhere = Subscriber.objects.create(email="else@example.org", country="SG")
    Subscriber.objects.filter(pk=people[0].pk).update(country="SG")
    segment = Segment.objects.create(
        slug="singapore", name="Singapore", rule={"version": 1, "all": [{"field": "country", "is": "SG"}]}
    )
    found = rows(written(Scope(segment=segment)))
    assert [row["email"] for row in found] == ["sg@example.org", elsewhere.email]
    assert not [name for name in found[0] if name.startswith("subscription.")]
    assert [row["email"] for row in rows(written(Scope(weekly, segment)))] == ["sg@example.org"]


@pytest.mark.parametrize("first", ["=1+1", "+1", "-1", "@SUM(A1)", "  =cmd|' /C calc'!A0", "＝1"])
def test_cells_that_a_spreadsheet_would_run_are_defused_also_in_names_of_columns(weekly, first) -> None:
    (person,) = subscribe(weekly, "a@example.org", first_name=first)
    Subscriber.objects.filter(pk=person.pk).update(attributes={"note": first, first: "x"})
    text = written(Scope(weekly), "first_name", "attributes")
    (row,) = rows(text)
    assert row["first_name"] == row["attributes.note"] == f"'{first}"
    assert not any(name.startswith(("=", "+", "-", "@")) for name in row)


def test_a_file_of_many_pieces_is_whole_and_in_order(weekly, monkeypatch) -> None:
    monkeypatch.setattr("subscribers.exporting.export.ROWS_AT_ONCE", 7)
    subscribe(weekly, *(f"a{number:02}@example.org" for number in range(40)))
    told: list[int] = []
    text = "".join(pieces(prepare(Scope(weekly), ["email"]), told.append))
    assert text.split("\r\n")[1:-1] == [f"a{number:02}@example.org" for number in range(40)]
    assert told[-1] == 40


def test_what_is_exported_is_imported_again_without_change(weekly, tmp_path: Path) -> None:
    topic = Topic.objects.create(slug="ai", name="AI")
    shapes = [
        {"first_name": "=Anna", "last_name": "O'Neil", "topic_ids": [topic.pk]},
        {"first_name": "José", "attributes": {"company": "ACME, Inc.", "age": 41, "score": -1.5}},
        {"attributes": {"vip": True, "tags": ["a", "b"], "joined": "2024-03-01"}},
        {"language": "zh-Hans", "country": "SG", "time_zone": "Asia/Singapore", "attributes": {"vip": False}},
        {"first_name": '"quoted"; and, cut', "attributes": {"note": "'=already"}},
        {"last_name": "王", "attributes": {"phone": "+65 6123 4567"}},
    ]
    states = ["active", "pending", "unsubscribed"]
    for number, shape in enumerate(shapes):
        person = Subscriber.objects.create(email=f"Reader{number}@example.org", **shape)
        Subscription.objects.create(
            subscriber=person, mailing_list=weekly, state=states[number % 3], cadence="second", source="form"
        )
    Suppression.objects.create(address="reader1@example.org", reason="bounce")
    file = tmp_path / "weekly.csv"
    file.write_text(written(Scope(weekly)), encoding="utf-8", newline="")
    before = snapshot()
    import_file(file, weekly, refused_path=tmp_path / "refused.csv")
    for old, new in zip(before, snapshot(), strict=True):
        assert new == old
    assert not (tmp_path / "refused.csv").exists()


def snapshot() -> list[dict]:
    """All that an import may change."""
    models = (Subscriber, Subscription, Suppression, Consent)
    return [row for model in models for row in model.objects.order_by("pk").values()]


def test_into_an_empty_store_the_same_people_come_as_they_were(weekly, tmp_path: Path) -> None:
    subscribe(weekly, "on@example.org", first_name="-Ann")
    subscribe(weekly, "left@example.org", state="unsubscribed")
    Subscriber.objects.update(attributes={"age": 7, "rate": 0.00001})
    text = written(Scope(weekly))
    Subscription.objects.all().delete()
    Subscriber.objects.filter(email="on@example.org").update(email="x1@example.org")
    Subscriber.objects.filter(email="left@example.org").update(email="x2@example.org")
    file = tmp_path / "weekly.csv"
    file.write_text(text, encoding="utf-8", newline="")
    import_file(file, weekly, refused_path=tmp_path / "refused.csv")
    assert dict(weekly.subscriptions.values_list("subscriber__email", "state")) == {
        "on@example.org": "active",
        "left@example.org": "unsubscribed",
    }
    person = Subscriber.objects.get(email="on@example.org")
    assert (person.first_name, person.attributes) == ("-Ann", {"age": 7, "rate": 0.00001})


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({}, "nothing_named"),
        ({"list_slug": "none"}, "unknown_list"),
        ({"segment_slug": "none"}, "unknown_segment"),
        ({"list_slug": "weekly", "states": ["x"]}, "unknown_state"),
        ({"states": ["active"], "segment_slug": "s"}, "state_of_what"),
    ],
)
def test_what_is_not_there_is_named(weekly, named, code) -> None:
    Segment.objects.create(slug="s", name="S", rule={"version": 1, "all": []})
    with pytest.raises(CannotExport) as refused:
        scope_of(**named)
    assert refused.value.code == code


def test_columns_that_are_not_there_are_named(weekly) -> None:
    with pytest.raises(CannotExport, match="There is no column 'shoe'"):
        prepare(Scope(weekly), ["email", "shoe"])


def test_the_command_writes_a_file_for_its_owner_alone(weekly, tmp_path: Path, capsys) -> None:
    subscribe(weekly, "a@example.org", "b@example.org", state="pending")
    out = tmp_path / "weekly.csv"
    call_command("export", list="weekly", out=out, columns="email,subscription.state")
    assert "2 subscribers are in" in capsys.readouterr().out
    assert stat.S_IMODE(os.stat(out).st_mode) == 0o600
    assert out.read_bytes() == (
        b"\xef\xbb\xbfemail,subscription.state\r\na@example.org,pending\r\nb@example.org,pending\r\n"
    )
    assert list(tmp_path.iterdir()) == [out]


def test_the_command_writes_to_the_standard_output(weekly, capsys) -> None:
    subscribe(weekly, "a@example.org")
    call_command("export", list="weekly", columns="email")
    assert capsys.readouterr().out == f"{BYTE_ORDER_MARK}email\r\na@example.org\r\n"


def test_the_command_says_what_is_wrong_and_leaves_no_file(weekly, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no list 'none'\. There are: weekly\."):
        call_command("export", list="none", out=tmp_path / "x.csv")
    with pytest.raises(CommandError, match="cannot be written to"):
        call_command("export", list="weekly", out=tmp_path / "missing" / "x.csv")
    assert list(tmp_path.iterdir()) == []
