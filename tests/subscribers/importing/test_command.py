import io

import pytest
from django.core.management import CommandError, call_command

from subscribers.importing import steer
from subscribers.models import Import, ImportedRow, MailingList, Subscriber, Subscription


def run(*arguments) -> str:
    out = io.StringIO()
    call_command("import", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("email,topics\nanna@example.org,[bold]knitting\nbad,\n")
    return path


def test_the_summary_adds_up_and_says_where_the_refused_rows_are(weekly, people, tmp_path):
    shown = run(people, "--list", "weekly")
    for words in ("Rows", "imported (new)", "not an email address", "[bold]knitting (1)"):
        assert words in shown
    assert "people.refused.csv" in shown.replace("\n", "")
    assert (tmp_path / "people.refused.csv").exists()


def test_refused_rows_go_where_they_are_asked_to(weekly, people, tmp_path):
    run(people, "--list", "weekly", "--refused", tmp_path / "elsewhere.csv")
    assert (tmp_path / "elsewhere.csv").exists()


def test_an_unknown_list_is_answered_with_those_there_are(weekly, people):
    with pytest.raises(
        CommandError, match=r"no list monthly\. There are: weekly\. --create makes it"
    ) as raised:
        run(people, "--list", "monthly")
    assert raised.value.returncode == 1


def test_create_makes_the_list(db, people):
    run(people, "--list", "monthly-news", "--create")
    assert MailingList.objects.get().name == "Monthly news"


def test_a_list_is_not_kept_for_a_file_that_cannot_be_imported(db, tmp_path):
    with pytest.raises(CommandError, match="does not exist"):
        run(tmp_path / "none.csv", "--list", "monthly", "--create")
    assert not MailingList.objects.exists()


def test_an_impossible_list_name_is_refused(db, people):
    with pytest.raises(CommandError, match="cannot be a list's name"):
        run(people, "--list", "a b", "--create")


def test_a_list_name_that_is_too_long_is_refused(db, people):
    with pytest.raises(CommandError, match="50 at most"):
        run(people, "--list", "a" * 51, "--create")


def test_a_workbook_is_answered_with_what_to_do(weekly, tmp_path):
    workbook = tmp_path / "people.xlsx"
    workbook.write_bytes(b"PK\x03\x04")
    with pytest.raises(CommandError, match="Export the sheet as CSV"):
        run(workbook, "--list", "weekly")
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("folder", ["", ".", "/"])
def test_a_folder_without_a_name_is_answered_too(weekly, folder):
    with pytest.raises(CommandError, match="is a folder"):
        run(folder, "--list", "weekly")


def test_refused_rows_cannot_go_to_an_empty_name(weekly, people, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="Name another place for them"):
        run(people, "--list", "weekly", "--refused", "")
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]
    assert not Subscriber.objects.exists()


def test_a_dry_run_shows_what_would_happen_and_leaves_nothing(weekly, people):
    Subscriber.objects.create(email="anna@example.org", first_name="Ann")
    people.write_text("email,first name,age\nanna@example.org,Anna,41\nbo@example.org,Bo,\n=bad,,\n")
    shown = run(
        people,
        "--list",
        "weekly",
        "--dry-run",
        "--map",
        "age=attributes.age:number",
        "--on-merge",
        "topics=fill",
    )
    for words in (
        "nothing of this was done", "email from “email”", "age (number)", "topics fill; all else replace",
        "first_name changed", "attributes changed", "first refused rows", "4,not an email address", "'=bad",
    ):  # fmt: skip
        assert words in shown
    assert Subscriber.objects.values_list("first_name", "attributes").get() == ("Ann", {})
    assert not Subscription.objects.exists()
    assert not Import.objects.exists()
    assert not ImportedRow.objects.exists()
    assert [path.name for path in people.parent.iterdir()] == ["people.csv"]


def test_a_dry_run_makes_no_list(db, people):
    assert "= imported (new)" in run(people, "--list", "monthly", "--create", "--dry-run")
    assert not MailingList.objects.exists()


def test_in_the_background_it_waits_for_a_worker_and_is_followed(weekly, people, tmp_path):
    shown = " ".join(run(people, "--list", "weekly", "--background").split())
    stored = Import.objects.get()
    assert f"Import {stored.pk} is left to the workers. mailer import --follow {stored.pk}" in shown
    assert (stored.state, steer.due()) == ("waiting", [stored.pk])
    assert not Subscriber.objects.exists()

    assert "= imported (new)" in run("--resume", stored.pk)
    followed = run("--follow", stored.pk, "--refused", tmp_path / "r.csv", "--flagged", tmp_path / "f.csv")
    assert "= imported (new)" in followed
    assert (tmp_path / "r.csv").exists()
    assert not (tmp_path / "f.csv").exists()


def test_it_is_stopped_resumed_and_undone_by_its_number(weekly, people):
    run(people, "--list", "weekly", "--background")
    number = Import.objects.get().pk
    assert f"mailer import --resume {number} goes on" in " ".join(run("--stop", number).split())
    with pytest.raises(CommandError, match=rf"Import {number} was stopped"):
        run("--follow", number)
    assert f"mailer import --undo {number} takes it back" in " ".join(run("--resume", number).split())
    assert "1 people deleted" in " ".join(run("--undo", number).split())
    assert not Subscriber.objects.exists()


def test_the_imports_are_listed_with_what_became_of_them(weekly, people, tmp_path):
    assert "There was no import yet" in listed()
    run(people, "--list", "weekly")
    number = Import.objects.get().pk
    assert all(words in listed() for words in ("people.csv", "weekly", "is done"))
    shown = listed(number, "--refused", tmp_path / "again.csv")
    assert "not an email address" in shown
    assert "bad" in (tmp_path / "again.csv").read_text("utf-8-sig")
    run("--undo", number)
    assert "1 people deleted" in listed(number)


def listed(*arguments) -> str:
    out = io.StringIO()
    call_command("imports", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name a file to import, or one of --follow, --stop, --resume, --undo"),
        (["people.csv", "--stop", "1"], "Name a file to import, or one of"),
        (["--undo", "1", "--dry-run"], "--undo cannot be tried out"),
        (["people.csv"], "Say on which mailing list: --list LIST"),
        (["people.csv", "--list", "weekly", "--map", "x"], "does not say what a column means"),
        (["people.csv", "--list", "weekly", "--on-merge", "x=y"], "is no rule for a merge"),
        (["--undo", "seven"], "'seven' is no number of an import"),
    ],
)
def test_what_makes_no_sense_is_answered_with_what_to_do(weekly, arguments, message):
    with pytest.raises(CommandError, match=message):
        run(*arguments)


@pytest.mark.parametrize("command", ["import", "imports"])
def test_the_help_has_examples(command, capsys):
    from django.core.management import load_command_class

    load_command_class("subscribers", command).print_help("mailer", command)
    shown = capsys.readouterr().out
    assert "examples:\n  mailer import" in shown
    assert "--undo 7" in shown
