import io

import pytest
from django.core.management import CommandError, call_command

from subscribers.models import MailingList, Subscriber


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
