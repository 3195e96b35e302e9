"""Excel workbooks: what ordinary ones hold, and what hostile ones try."""

import zipfile
from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from subscribers.importing import CannotImport, workbook
from subscribers.importing.register import register
from subscribers.models import Import, Subscriber
from tests.subscribers.importing.conftest import run_import


@pytest.fixture
def save(tmp_path):
    def write(*rows, **others):
        """Save rows as the first sheet of people.xlsx; `others` are more sheets by name."""
        book = Workbook()
        for row in rows:
            book.active.append(row)
        for name, more in others.items():
            sheet = book.create_sheet(name)
            for row in more:
                sheet.append(row)
        path = tmp_path / "people.xlsx"
        book.save(path)
        return path

    return write


def test_numbers_dates_and_line_breaks_become_what_one_sees(weekly, save):
    path = save(
        ["E-Mail", "Vorname", "Age", "Score", "Since", "At", "Member", "Note"],
        [
            "anna@example.org",
            "Anna\nMaria",
            41,
            1.5,
            date(2020, 1, 31),
            datetime(2020, 1, 31, 8, 30),
            True,
            None,
        ],
    )
    run_import(path, weekly)
    person = Subscriber.objects.get()
    assert (person.email, person.first_name) == ("anna@example.org", "Anna Maria")
    assert person.attributes == {
        "age": "41",
        "score": "1.5",
        "since": "2020-01-31",
        "at": "2020-01-31 08:30:00",
        "member": "true",
    }


def test_lines_are_the_rows_of_the_sheet(weekly, save, tmp_path):
    summary = run_import(save(["email"], [], ["bad"], [None], ["anna@example.org"]), weekly)
    assert (summary.rows, summary.imported, summary.refused_rows) == (2, 1, 1)
    assert "\n3,not an email address" in (tmp_path / "refused.csv").read_text("utf-8-sig").replace('"', "")


def test_formulas_are_not_computed_and_errors_are_empty(weekly, save):
    run_import(save(["email", "a", "b"], ["anna@example.org", "=1+1", "#REF!"]), weekly)
    assert Subscriber.objects.get().attributes == {}


def test_a_sheet_can_be_named(weekly, save):
    path = save(["nothing here"], People=[["email"], ["anna@example.org"]])
    with pytest.raises(CannotImport, match="no column with email addresses"):
        register(path, weekly)
    with pytest.raises(CannotImport, match=r"has no sheet Guests\. Its sheets: Sheet, People\."):
        register(path, weekly, sheet="Guests")
    assert register(path, weekly, sheet="People").meanings["fields"] == {"email": "email"}


def test_an_empty_workbook_is_answered(weekly, save):
    with pytest.raises(CannotImport, match="needs a header line"):
        register(save(), weekly)


def test_what_unpacks_to_too_much_is_refused_unopened(weekly, save, monkeypatch):
    path = save(["email"], ["anna@example.org"])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", bytes(1_000_000))
    monkeypatch.setattr(workbook, "MOST_SHARED", 500_000)
    with pytest.raises(CannotImport, match="too large once it is unpacked"):
        register(path, weekly)


def test_entities_of_xml_are_not_expanded(weekly, save):
    path = save(["email"], ["anna@example.org"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    entities = b"".join(
        b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"ha" * 10) for n in range(12)
    )
    hostile = parts["xl/worksheets/sheet1.xml"].replace(
        b"<worksheet", b"<!DOCTYPE x [%s]><worksheet" % entities, 1
    )
    parts["xl/worksheets/sheet1.xml"] = hostile.replace(b"</worksheet>", b"<x>&a11;</x></worksheet>")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(CannotImport, match="cannot be read as a workbook"):
        register(path, weekly)


def test_a_cell_far_out_costs_nothing(weekly, save, tmp_path):
    book = Workbook()
    book.active["A1"] = "email"
    book.active["A2"] = "anna@example.org"
    book.active["XFD3"] = "far"
    path = tmp_path / "people.xlsx"
    book.save(path)
    assert run_import(path, weekly).imported == 1


def test_a_row_beyond_all_that_excel_knows_is_refused(weekly, save, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 5_000)
    path = save(["email"], ["anna@example.org"])
    far = tmp_path / "far.xlsx"
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(far, "w", zipfile.ZIP_DEFLATED) as changed:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b'r="2"', b'r="5002"').replace(b'r="A2"', b'r="A5002"')
                assert b"A5002" in content
            changed.writestr(name, content)
    with pytest.raises(CannotImport, match="too large once it is unpacked"):
        run_import(far, weekly)


def test_texts_that_many_cells_share_do_not_fill_the_disk(save):
    path = save(["email"], *[["x" * 30_000] * 10] * 10)
    with (
        pytest.raises(CannotImport, match="too much text"),
        workbook.rows_as_csv(path, allowed=workbook.Allowance(characters=1_000_000)),
    ):
        pass


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=40))
def test_any_broken_workbook_is_imported_or_answered(weekly, save, place, damage):
    path = save(["email", "first name"], ["anna@example.org", "Anna"])
    content = bytearray(path.read_bytes())
    content[place : place + len(damage)] = damage
    path.write_bytes(content)
    with suppress(CannotImport):  # anything else is a bug
        register(path, weekly)
    Import.objects.all().delete()
