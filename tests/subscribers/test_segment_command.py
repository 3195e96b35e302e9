"""`mailer segment`."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from subscribers.models import Segment, Snapshot, Subscriber

pytestmark = pytest.mark.django_db
SG = {"version": 1, "field": "country", "is": "SG"}


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("segment", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _people():
    for n, country in enumerate(["SG", "SG", "MY"]):
        Subscriber.objects.create(email=f"[bold]{n}@example.org", first_name="[red]Mei", country=country)


def test_a_segment_is_made_from_json_shown_and_listed():
    made = run("set", "asia", "--rule", json.dumps(SG), "--name", "In [bold]Asia")
    assert "Made the segment asia: in Singapore" in made
    assert "2 people" in made
    assert "[bold]0@example.org" in made
    assert Segment.objects.get().name == "In [bold]Asia"
    shown = run("show", "asia")
    for words in ("In [bold]Asia", "in Singapore", '"is": "SG"', "2 people", "[red]Mei"):
        assert words in shown
    assert "asia" in run("list")
    assert run("count", "asia") == "2\n"


def test_a_rule_comes_from_a_file_or_the_input(tmp_path, monkeypatch):
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(SG))
    assert "Made" in run("set", "asia", "--rule", str(path))
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({**SG, "is": "MY"})))
    assert "Changed the segment asia: in Malaysia" in run("set", "asia", "--rule", "-")


def test_a_rule_is_counted_without_being_saved():
    said = run("count", "--rule", json.dumps(SG))
    assert "in Singapore" in said
    assert "2 people" in said
    assert not Segment.objects.exists()


def test_snapshot_overlap_explain_delete():
    run("set", "asia", "--rule", json.dumps(SG))
    run("set", "all", "--rule", json.dumps({"version": 1, "every_topic": True}))
    assert "The snapshot march holds 2 people." in run("snapshot", "asia", "--as", "march")
    assert "march" in run("list")
    overlap = [line.split() for line in run("overlap", "all", "march").splitlines()]
    assert [line[-1] for line in overlap[1:]] == ["1", "2", "0"]
    explained = run("explain", "asia", "[BOLD]2@example.org")
    assert "is not in asia" in explained
    assert "✗ in Singapore" in explained
    with pytest.raises(CommandError, match="asia is used by snapshot march"):
        run("delete", "asia")
    run("delete", "march")
    run("delete", "asia")
    assert not Snapshot.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "nobody"], "There is no segment nobody. There is none yet."),
        (["count"], "Say one of SEGMENT and --rule"),
        (["set", "a", "--rule", "{"], "The rule is no JSON"),
        (["set", "a", "--rule", "/nowhere/rule.json"], "cannot be read: No such file"),
        (
            ["set", "a", "--rule", '{"version": 1, "all": [{"field": "country", "is": "XX"}]}'],
            r"all\[0\]\.is: no country",
        ),
        (["set", "a b", "--rule", '{"version": 1, "every_topic": true}'], "cannot be a short name"),
        (["set", "a" * 51, "--rule", json.dumps(SG)], "the short name may be 50 characters long"),
        (["set", "a", "--name", "a" * 201, "--rule", json.dumps(SG)], "the name may be 200 characters long"),
    ],
)
def test_what_is_wrong_is_said(arguments, message):
    with pytest.raises(CommandError, match=message):
        run(*arguments)


def test_explaining_somebody_unknown():
    run("set", "asia", "--rule", json.dumps(SG))
    with pytest.raises(CommandError, match=r"There is no subscriber x@example\.org"):
        run("explain", "asia", "x@example.org")
