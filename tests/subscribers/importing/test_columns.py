import pytest

from subscribers.importing import CannotImport
from subscribers.importing.columns import MOST_ATTRIBUTES, map_columns


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("EMAIL", "email"),
        ("E-Mail", "email"),
        ("email_address", "email"),
        (" E-Mail-Adresse ", "email"),
        ("电子邮件", "email"),
        ("メールアドレス", "email"),
        ("Prénom", "first_name"),
        ("PRENOM", "first_name"),
        ("Vorname", "first_name"),
        ("名", "first_name"),
        ("surname", "last_name"),
        ("姓", "last_name"),
        ("locale", "language"),
        ("TimeZone", "time_zone"),
        ("País", "country"),
        ("Interests", "topics"),
    ],
)
def test_headers_are_known_whatever_their_case_accents_and_language(header, field):
    names = [header] if field == "email" else ["email", header]
    assert map_columns(names, "people.csv").fields[field] == len(names) - 1


def test_other_columns_become_attributes_that_a_merge_tag_can_name():
    columns = map_columns(["Company Size", "email", "2nd phone", "", "公司", "company-size", "E-Mail"], "x")
    assert columns.fields == {"email": 1}
    assert [each.key for each in columns.attributes] == [
        "company_size", "column_2nd_phone", "column_4", "公司", "company_size_2", "e_mail",
    ]  # fmt: skip


def test_the_more_telling_of_two_columns_is_taken():
    assert map_columns(["mail", "email"], "x").fields == {"email": 1}


def test_columns_beyond_the_limit_become_no_attributes():
    columns = map_columns(["email", *(f"c{n}" for n in range(MOST_ATTRIBUTES + 3))], "x")
    assert len(columns.attributes) == MOST_ATTRIBUTES
    assert len(columns.beyond) == 3


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["name", "phone"], r"people\.csv has no column with email addresses. Its columns: name, phone\."),
        (["anna@example.org", "Anna"], "put a header line above"),
        (["e\0m\0a\0i\0l\0"], "UTF-16"),
        (["\x1b[31mname"], r"columns: \[31mname\."),
    ],
)
def test_a_file_without_addresses_is_refused_with_the_columns_it_has(header, message):
    with pytest.raises(CannotImport, match=message):
        map_columns(header, "people.csv")
