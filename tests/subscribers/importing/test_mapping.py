import pytest

from subscribers.importing import CannotImport, Note, Refusal
from subscribers.importing.mapping import read_mapping, read_rules
from subscribers.models import Subscriber, Subscription


def mapped(*written: str) -> dict[str, str]:
    return read_mapping(written)


def test_columns_mean_what_the_mapping_says_and_the_others_are_guessed(importing):
    summary = importing(
        "Kontakt;Firma;Alter;Seit;Kunde;Themen;Notiz;Vorname\n"
        "anna@example.org;Acme;41;2020-01-31;ja;a, b;geheim;Anna\n",
        mapping=mapped(
            "Kontakt=email", "Firma=attributes.company", "Alter=attributes.age:number",
            "Seit=attributes.since:date", "kunde=attributes.customer:yes_no", "Themen=attributes.likes:list", "Notiz=-",
        ),
    )  # fmt: skip
    person = Subscriber.objects.get()
    assert (person.email, person.first_name) == ("anna@example.org", "Anna")
    assert person.attributes == {
        "company": "Acme",
        "age": 41,
        "since": "2020-01-31",
        "customer": True,
        "likes": ["a", "b"],
    }
    assert summary.meanings["fields"] == {"email": "Kontakt", "first_name": "Vorname"}


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("number", "1,234.5", 1234.5),
        ("number", "-7", -7),
        ("number", "1,5", None),
        ("number", "12 pieces", None),
        ("number", "NaN", None),
        ("date", "2024/2/29", "2024-02-29"),
        ("date", "2024-01-31 10:00:00", "2024-01-31"),
        ("date", "2023-02-29", None),
        ("date", "3/4/2024", None),
        ("yes_no", "Nein", False),
        ("yes_no", "perhaps", None),
        ("list", "b; a, b", ["b", "a"]),
        ("text", "007", "007"),
    ],
)
def test_a_value_is_kept_as_its_type_or_left_out_with_a_note(importing, kind, typed, kept):
    summary = importing(f'email,x\nanna@example.org,"{typed}"\n', mapping=mapped(f"x=attributes.x:{kind}"))
    assert Subscriber.objects.get().attributes == ({} if kept is None else {"x": kept})
    assert summary.notes == ({Note.TYPE: 1} if kept is None else {})


def test_nothing_is_guessed_to_be_a_number(importing):
    importing("email,age\nanna@example.org,41\n")
    assert Subscriber.objects.get().attributes == {"age": "41"}


def test_a_status_that_is_not_known_refuses_the_row(importing):
    summary = importing(
        "email,x\nanna@example.org,subscribed\nbo@example.org,?\ncy@example.org,\ndi@example.org,Pending\n",
        mapping=mapped("x=state"),
    )
    assert summary.refused == {Refusal.STATUS: 2}
    assert dict(Subscription.objects.values_list("subscriber__email", "state")) == {
        "anna@example.org": "active",
        "di@example.org": "pending",
    }


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("Firma", "does not say what a column means"),
        ("=email", "does not say what a column means"),
        ("Firma=company", r"cannot be \"company\". It can be one of email, first_name"),
        ("Firma=attributes.a b", "cannot be"),
        ("Firma=attributes.x'; --", "cannot be"),
        ("Firma=attributes.age:float", "a TYPE is one of text, number, date, yes_no, list"),
        ("Firma=email:number", "cannot be"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused_with_what_it_can_be(written, message):
    with pytest.raises(CannotImport, match=message):
        mapped(written)


def test_a_mapping_names_columns_that_there_are(importing):
    with pytest.raises(
        CannotImport, match=r"people\.csv has no column Firma\. Its columns: email, Company\."
    ):
        importing("email,Company\n", mapping=mapped("Firma=attributes.company"))


def test_two_columns_cannot_be_the_same_field(importing):
    with pytest.raises(CannotImport, match="a and b cannot both be first_name"):
        importing("email,a,b\n", mapping=mapped("a=first_name", "b=first_name"))


@pytest.mark.parametrize(
    "written", ["first_name", "email=fill", "first_name=overwrite", "attributes.a b=fill"]
)
def test_a_rule_that_is_none_is_refused(written):
    with pytest.raises(CannotImport, match="is no rule for a merge"):
        read_rules([written])


@pytest.mark.parametrize(
    ("rules", "first_name", "last_name", "attributes"),
    [
        ([], "Anna", "Li", {"a": "2", "b": "2", "c": "2"}),
        (
            ["first_name=fill", "last_name=fill", "attributes=fill"],
            "Ann",
            "Li",
            {"a": "1", "b": "1", "c": "2"},
        ),
        (["first_name=keep", "last_name=keep", "attributes=keep"], "Ann", "", {"a": "1", "b": "1"}),
        (
            ["attributes.a=keep", "attributes.b=fill", "attributes.c=fill"],
            "Anna",
            "Li",
            {"a": "1", "b": "1", "c": "2"},
        ),
        (["attributes=keep", "attributes.a=replace"], "Anna", "Li", {"a": "2", "b": "1"}),
    ],
)
@pytest.mark.parametrize("rows", [1, 10])
def test_a_merge_does_what_the_rule_of_the_field_says(
    importing, rules, first_name, last_name, attributes, rows
):
    Subscriber.objects.create(email="anna@example.org", first_name="Ann", attributes={"a": "1", "b": "1"})
    text = "email,first name,last name,a,b,c\nANNA@example.org,Anne,L,x,x,x\nanna@example.org,Anna,Li,2,2,2\n"
    for _ in range(2):
        importing(text, rules=read_rules(rules), rows=rows)
        person = Subscriber.objects.get()
        assert (person.first_name, person.last_name) == (first_name, last_name)
        assert person.attributes == attributes


def test_people_the_store_did_not_have_get_the_files_values_whatever_the_rule(importing):
    rules = read_rules(["first_name=keep", "attributes=keep", "topics=keep"])
    importing("email,first name,a\nanna@example.org,Ann,\nanna@example.org,Anna,1\n", rules=rules, rows=1)
    person = Subscriber.objects.get()
    assert (person.first_name, person.attributes) == ("Anna", {"a": "1"})
