import codecs
import re

import pytest

from subscribers.importing import CannotImport
from subscribers.importing.dialect import detect, text_of

TABLE = "email;first name\nzoe@example.org;Zoë\nli@example.org;李\n"
WESTERN = "email;first name\nzoe@example.org;Zoë\n"


def written(tmp_path, content: bytes):
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        (TABLE.encode(), "utf-8", TABLE),
        (codecs.BOM_UTF8 + TABLE.encode(), "utf-8", TABLE),
        (codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"), "utf-16-le", TABLE),
        (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "utf-16-be", TABLE),
        (WESTERN.encode("cp1252"), "cp1252", WESTERN),
    ],
)
def test_the_encoding_is_told_from_the_bytes(tmp_path, content, encoding, text):
    path = written(tmp_path, content)
    dialect = detect(path)
    assert (dialect.encoding, dialect.delimiter) == (encoding, ";")
    with text_of(path.open("rb"), dialect) as file:
        assert file.read() == text


def test_latin_1_is_seen_where_it_first_shows_after_many_rows(tmp_path):
    path = written(
        tmp_path, b"email,name\n" + b"anna@example.org,Anna\n" * 90_000 + b"zoe@example.org,Zo\xeb\n"
    )
    assert detect(path).encoding == "cp1252"


def test_a_broken_byte_does_not_turn_a_utf_8_file_into_latin_1(tmp_path):
    path = written(tmp_path, TABLE.encode() * 9 + b"broken@example.org;Zo\xeb\n")
    dialect = detect(path)
    assert dialect.encoding == "utf-8"
    with text_of(path.open("rb"), dialect) as file:
        assert file.read().endswith("broken@example.org;Zo\udceb\n")


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("email,first name", ","),
        ("email;first name", ";"),
        ("email\tfirst name", "\t"),
        ('email;"a,b,c,d";"e,f"', ";"),
        ('"first\nname";email', ";"),
        ("email", ","),
        ("\n,,\nemail;name", ";"),
    ],
)
def test_the_delimiter_is_told_from_the_header(tmp_path, header, delimiter):
    assert detect(written(tmp_path, f"{header}\nx\n".encode())).delimiter == delimiter


def test_the_hint_that_excel_writes_is_obeyed_and_passed_over(tmp_path):
    dialect = detect(written(tmp_path, b"sep=;\r\nemail;name\r\n"))
    assert (dialect.delimiter, dialect.skipped_lines) == (";", 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04...", "workbook.*Export the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0...", "old Excel workbook"),
        (b"", "is empty"),
        (b"\n \r\n", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(tmp_path, content, message):
    with pytest.raises(CannotImport, match=message):
        detect(written(tmp_path, content))


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(CannotImport, match=f"{re.escape(str(tmp_path))} is a folder"):
        detect(tmp_path)
    with pytest.raises(CannotImport, match="does not exist"):
        detect(tmp_path / "none.csv")
