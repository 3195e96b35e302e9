"""What may be uploaded, by whom, and what is told of files that cannot be imported."""

from datetime import timedelta
from io import BytesIO
from tempfile import gettempdir

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook

from mailer.staff.imports import uploading
from subscribers.importing import archive, draft
from subscribers.importing.forget import forget_old
from subscribers.models import Import, ImportPart
from tests.newsroom import make_issue
from tests.roles import somebody
from tests.staff.imports.files import subscribed, upload, zipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    return make_issue(suffix="ours").newsletter


@pytest.fixture
def weekly(ours):
    return ours.mailing_list


@pytest.fixture
def marketer(client, ours):
    client.force_login(somebody("marketer", at=ours))
    return client


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("people.csv", b"", "people.csv is empty"),
        ("people.csv", b"\n , ,\n", "nothing but delimiters"),
        ("people.csv", b"PK\x03\x04 zip", "not a CSV file"),
        ("people.exe", b"x", "none of the files that can be imported"),
        ("people.zip", b"no zip", "no zip archive"),
        ("people.xlsx", b"PK\x03\x04 broken", "cannot be read as a workbook"),
        ("people.csv", "email\n".encode("utf-16-le"), "NUL characters"),
        ("a.zip", zipped({"readme.md": "x"}), "holds no table"),
        ("a.zip", zipped({f"{n}.csv": "email\n" for n in range(21)}), "holds 21 tables"),
        ("a.zip", zipped({"fine.csv": "email\na@example.org\n", "empty.csv": " "}), "empty.csv is empty"),
        ("<script>.csv", b" ", "&lt;script&gt;.csv is empty"),
        ("wide.csv", b"email" + b",c" * 300 + b"\n", "wide.csv has 301 columns, and 300 at most"),
    ],
    ids=lambda value: "file" if isinstance(value, bytes) else None,
)
def test_a_file_that_is_no_table_is_told_why(marketer, weekly, name, content, told):
    response = upload(marketer, weekly.pk, content, name)
    assert response.status_code == 422
    assert told in response.text
    assert gettempdir() not in response.text
    assert not Import.objects.exists()


def test_the_columns_of_the_widest_file_can_be_said(marketer, weekly):
    """Django refuses a form of more than a thousand fields."""
    page = upload(
        marketer, weekly.pk, "email" + "".join(f",c{n}" for n in range(299)) + "\na@example.org\n"
    ).url
    said = {
        f"{what}-{n}": "text" if what == "kind" else ""
        for n in range(300)
        for what in ("means", "key", "kind")
    }
    assert marketer.post(page, {"mailing_list": weekly.pk, **said}).status_code == 302


@pytest.mark.parametrize(
    "content",
    [
        b"email\n",
        b"email,email,email\na@example.org,b,c\n",
        "email;name\na@example.org;Zoë\n".encode("cp1252"),
    ],
)
def test_what_is_odd_but_a_table_is_taken(marketer, weekly, content):
    response = upload(marketer, weekly.pk, content)
    assert response.status_code == 302
    assert marketer.get(response.url).status_code == 200


def test_an_archive_that_unpacks_to_too_much_is_refused(marketer, weekly, monkeypatch):
    monkeypatch.setattr(archive, "MOST_BYTES", 1_000_000)
    bomb = zipped({"a.csv": b"email\n" + b"0" * 3_000_000})
    assert len(bomb) < 10_000
    response = upload(marketer, weekly.pk, bomb, "bomb.zip")
    assert response.status_code == 422
    assert "once it is unpacked" in response.text


def test_workbooks_of_very_many_cells_are_refused_also_several_together(marketer, weekly, monkeypatch):
    monkeypatch.setattr(uploading, "MOST_STEPS", 10_000)
    book, saved = Workbook(), BytesIO()
    for row in [["email"], *[["a@example.org", *range(300)]] * 4]:
        book.active.append(row)
    book.save(saved)
    assert upload(marketer, weekly.pk, saved.getvalue(), "people.xlsx").status_code == 302
    Import.objects.all().delete()
    many = zipped({f"{number}.xlsx": saved.getvalue() for number in range(3)})
    response = upload(marketer, weekly.pk, many, "people.zip")
    assert response.status_code == 422
    assert "1.xlsx is too large once it is unpacked" in response.text
    assert "Export the sheet as CSV (UTF-8)" in response.text
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_never_comes_to_the_disk(marketer, weekly, monkeypatch):
    monkeypatch.setattr(uploading, "MOST_BYTES", 1_000)
    response = upload(marketer, weekly.pk, "email\n" + "x" * 2_000)
    assert response.status_code == 422
    assert "Cut it in parts" in response.text
    assert not Import.objects.exists()


def test_nobody_uploads_to_a_list_that_is_not_theirs(marketer, weekly):
    theirs = make_issue(suffix="theirs").newsletter.mailing_list
    assert upload(marketer, theirs.pk, subscribed()).status_code == 422
    stored = Import.objects.get(pk=int(upload(marketer, weekly.pk, subscribed()).url.split("/")[-3]))
    page = f"/staff/imports/{stored.pk}/columns/"
    assert marketer.post(page, {"mailing_list": theirs.pk}).status_code == 422
    stored.refresh_from_db()
    assert stored.mailing_list == weekly
    Import.objects.update(mailing_list=theirs)
    for address in ("", "columns/", "check/", "refused.csv", "undo/"):
        assert marketer.get(f"/staff/imports/{stored.pk}/{address}").status_code == 403
    assert "subscribed" not in marketer.get("/staff/imports/").text


def test_an_upload_without_the_token_of_the_form_is_refused(ours, weekly):
    client = Client(enforce_csrf_checks=True)
    client.force_login(somebody("marketer", at=ours))
    assert upload(client, weekly.pk, subscribed()).status_code == 403


def test_an_editor_imports_nothing(client, ours, weekly):
    client.force_login(somebody("editor", at=ours))
    assert upload(client, weekly.pk, subscribed()).status_code == 403
    assert client.get("/staff/imports/").status_code == 403


def test_a_draft_that_nobody_confirms_goes_with_its_file(marketer, weekly):
    upload(marketer, weekly.pk, subscribed())
    forget_old(timezone.now() + draft.KEPT_FOR - timedelta(hours=1))
    assert ImportPart.objects.filter(kind="file").exists()
    forget_old(timezone.now() + draft.KEPT_FOR + timedelta(hours=1))
    assert not Import.objects.exists()
    assert not ImportPart.objects.exists()


def test_the_rows_of_a_large_file_are_estimated_from_its_beginning(marketer, weekly, monkeypatch):
    monkeypatch.setattr(draft, "SAMPLE", 20_000)
    rows = "".join(f"reader{number:05}@example.org,Anna\n" for number in range(4_000))
    shown = marketer.get(upload(marketer, weekly.pk, "email,first name\n" + rows).url)
    sample = shown.context["sample"]
    assert sample.is_estimate
    assert 3_900 < sample.count < 4_100
    assert f"about {sample.count:,}" in shown.text


def test_a_sheet_of_a_workbook_is_named_or_the_first_one_taken(marketer, weekly):
    workbook = Workbook()
    workbook.active.title = "Notes"
    workbook.active.append(["what"])
    people = workbook.create_sheet("People")
    people.append(["email", "first name"])
    people.append(["anna@example.org", "=1+1"])
    kept = BytesIO()
    workbook.save(kept)
    for sheet, header in (("", "what"), ("People", "email")):
        file = SimpleUploadedFile("people.xlsx", kept.getvalue())
        given = {"file": file, "mailing_list": weekly.pk, "sheet": sheet}
        page = marketer.get(marketer.post("/staff/imports/new/", given).url)
        assert page.context["sample"].header[0] == header
    file = SimpleUploadedFile("people.xlsx", kept.getvalue())
    answer = marketer.post("/staff/imports/new/", {"file": file, "mailing_list": weekly.pk, "sheet": "None"})
    assert "Its sheets: Notes, People" in answer.text


def test_a_workbook_that_is_too_large_is_to_be_saved_as_csv_also_in_an_archive(marketer, weekly, monkeypatch):
    monkeypatch.setattr(uploading, "MOST_OF_A_WORKBOOK", 1_000)
    kept = BytesIO()
    Workbook().save(kept)
    for name, content in (("a.xlsx", kept.getvalue()), ("a.zip", zipped({"b.xlsx": kept.getvalue()}))):
        answer = upload(marketer, weekly.pk, content, name)
        assert answer.status_code == 422
        assert "Save the sheet as CSV" in answer.text
