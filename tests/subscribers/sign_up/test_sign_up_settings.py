"""The settings of a form: checked as a whole, by the command and in code; the form as HTML for another site."""

import json
from html.parser import HTMLParser
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.issues.models import Newsletter
from subscribers.models import Consent, MailingList, Topic, Wording
from subscribers.sign_up.embed import embeddable
from subscribers.sign_up.fields import BadFields, FieldType, OwnField, parse_fields
from subscribers.sign_up.wording import reword
from tests.subscribers.signing_up import ANNA, open_form

HOSTILE = '"><script>alert(1)</script>'
COMPANY = {"key": "company", "label": "Company", "type": "text"}


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({}, "The fields are not a list"),
        ("company", "The fields are not a list"),
        (["company"], "Field 1 is no object"),
        ([COMPANY | {"kind": "x"}], "Field 1 (company): “kind” is no setting"),
        ([{"label": "Company", "type": "text"}], "Field 1: “key” is missing"),
        ([COMPANY | {"key": "Company Size"}], "Field 1 (Company Size): “key” has to be a name"),
        ([COMPANY | {"key": "_x"}], "“key” has to be a name"),
        ([COMPANY | {"key": "1st"}], "“key” has to be a name"),
        ([COMPANY | {"key": "a__b"}], "“key” has to be a name"),
        ([COMPANY | {"key": "k" * 65}], "“key” has to be a name"),
        ([COMPANY | {"key": "first_name"}], "every subscriber has “first_name” already"),
        ([COMPANY, COMPANY], "Field 2 (company): the key is another field's already"),
        ([COMPANY | {"label": ""}], "“label” has to be one line"),
        ([COMPANY | {"label": "two\nlines"}], "“label” has to be one line"),
        ([COMPANY | {"label": "a\u202eb"}], "“label” has to be one line"),
        ([COMPANY | {"type": "colour"}], "“type” has to be one of text, number, date, yes_no, choice"),
        ([COMPANY | {"type": ["text"]}], "“type” has to be one of"),
        ([COMPANY | {"required": "yes"}], "“required” has to be true or false"),
        ([COMPANY | {"type": "choice"}], "“choices” has to be a list of 2 to 100 texts"),
        ([COMPANY | {"type": "choice", "choices": ["a"]}], "“choices” has to be a list"),
        ([COMPANY | {"type": "choice", "choices": ["a", " a"]}], "two of the “choices” are the same"),
        ([COMPANY | {"type": "choice", "choices": ["a", 1]}], "each of the “choices”"),
        ([COMPANY | {"choices": ["a", "b"]}], "“choices” belongs to the type choice only"),
        ([COMPANY | {"key": f"k{n}"} for n in range(21)], "There are 21 fields"),
    ],
)
def test_what_is_no_field_is_told_with_its_place(raw, problem):
    with pytest.raises(BadFields) as caught:
        parse_fields(raw)
    assert len(caught.value.problems) == 1
    assert problem in caught.value.problems[0]


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(BadFields) as caught:
        parse_fields([{"key": "email"}, COMPANY | {"type": "x", "label": None}])
    assert len(caught.value.problems) == 5


def test_fields_are_read():
    choice = {"key": "höhe", "label": HOSTILE, "type": "choice", "choices": ["a ", "b"], "required": True}
    assert parse_fields([COMPANY, choice]) == (
        OwnField("company", "Company", FieldType.TEXT),
        OwnField("höhe", HOSTILE, FieldType.CHOICE, required=True, choices=("a", "b")),
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["key", "label", "type", "required", "choices"]) | st.text(max_size=5),
            inner | st.sampled_from(["company", "text", "choice"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(raw=JSON)
def test_any_json_is_fields_or_explained(raw):
    problems: list[str] = []
    fields: tuple[OwnField, ...] = ()
    try:
        fields = parse_fields(raw)
    except BadFields as error:
        problems = error.problems
    assert bool(problems) != (len(fields) == len(raw) if isinstance(raw, list) else False)
    assert all(field.key.isidentifier() and field.label for field in fields)


@pytest.mark.django_db
class TestWording:
    def test_a_wording_is_never_changed(self):
        open_form()
        for act in (lambda: Wording.objects.update(text="Else."), lambda: Wording.objects.all().delete()):
            with pytest.raises(IntegrityError), transaction.atomic():
                act()
        assert Wording.objects.get().text == "I agree to get the Weekly."

    def test_the_same_text_is_the_same_version(self):
        weekly = open_form()
        assert reword(weekly, " I agree to get the Weekly.\r\n").version == 1
        assert reword(weekly, "One\r\ntwo").version == 2
        assert reword(weekly, "One\ntwo").version == 2


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("form", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
class TestCommand:
    def test_it_sets_and_shows_everything(self, tmp_path):
        MailingList.objects.create(slug="weekly", name="Weekly")
        fields = tmp_path / "fields.json"
        fields.write_text(json.dumps([COMPANY]))
        shown, _ = run(
            "weekly", "--open", "--wording", "I agree.", "--intro", "News", "--ask", "topics, name",
            "--fields", str(fields), "--origin", "https://a.example", "--origin", "https://b.example",
            "--after-sign-up", "https://a.example/thanks", "--after-confirmation", "https://a.example/in", "--public",
        )  # fmt: skip
        weekly = MailingList.objects.get()
        assert weekly.sign_up_open
        assert weekly.public
        assert (weekly.sign_up_intro, weekly.sign_up_asks) == ("News", ["topics", "name"])
        assert (weekly.sign_up_fields, weekly.sign_up_origins) == (
            [COMPANY],
            ["https://a.example", "https://b.example"],
        )
        assert (weekly.sign_up_next, weekly.confirmed_next) == (
            "https://a.example/thanks",
            "https://a.example/in",
        )
        for text in ("version 1: I agree.", "Company (company, text)", "/api/sign-up/weekly"):
            assert text in shown

    def test_a_name_with_brackets_is_shown_as_it_is(self):
        MailingList.objects.create(slug="weekly", name="The [/b]Weekly[red]")
        assert "Sign-up form of The [/b]Weekly[red]" in run("weekly", "--show")[0]

    def test_it_takes_settings_back(self):
        weekly = open_form(sign_up_origins=["https://a.example"], sign_up_asks=["name"], public=True)
        run("weekly", "--close", "--origin", "", "--ask", "", "--not-public")
        weekly.refresh_from_db()
        assert not weekly.sign_up_open
        assert not weekly.public
        assert (weekly.sign_up_origins, weekly.sign_up_asks) == ([], [])

    def test_one_wrong_setting_and_nothing_is_changed(self, tmp_path):
        weekly = open_form()
        fields = tmp_path / "fields.json"
        fields.write_text('[{"key": "email", "label": "x", "type": "text"}]')
        with pytest.raises(CommandError) as caught:
            run("weekly", "--wording", "New.", "--fields", str(fields), "--ask", "shoes", "--intro", "News")
        assert "--fields: Field 1 (email): every subscriber has “email” already" in str(caught.value)
        assert "--ask: A form cannot ask for shoes" in str(caught.value)
        weekly.refresh_from_db()
        assert weekly.sign_up_intro == ""
        assert Wording.objects.count() == 1

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["daily"], "There is no list daily. There are: weekly."),
            (["weekly", "--fields", "/nowhere.json"], "--fields: /nowhere.json cannot be read"),
            (["weekly", "--wording", " "], "--wording: write what people agree to"),
            (["weekly", "--origin", "www.example.org"], "--origin: www.example.org: write an origin"),
            (["weekly", "--after-sign-up", "/thanks"], "--after-sign-up: /thanks is not the whole address"),
            (
                ["weekly", "--after-confirmation", f"https://example.org/{'x' * 200}"],
                "--after-confirmation: the address has 220 characters, and 200 at most are kept",
            ),
            (
                ["weekly", "--origin", f"https://{'a.' * 100}example.org"],
                "--origin: an origin has 219 characters, and 200 at most are kept",
            ),
        ],
    )
    def test_what_is_wrong_is_told(self, arguments, message):
        open_form()
        with pytest.raises(CommandError) as caught:
            run(*arguments)
        assert message in str(caught.value)

    def test_without_a_wording_there_is_no_form(self):
        MailingList.objects.create(slug="weekly", name="Weekly")
        with pytest.raises(CommandError, match="--wording TEXT"):
            run("weekly")
        with pytest.raises(CommandError, match="--wording: The form cannot be open"):
            run("weekly", "--open")

    def test_without_options_it_prints_the_html_alone(self):
        weekly = open_form()
        assert run("weekly") == (embeddable(weekly), "")
        MailingList.objects.update(sign_up_open=False)
        out, err = run("weekly")
        assert out == embeddable(weekly)
        assert "The form is closed" in err


class Form(HTMLParser):
    """A form as a browser would send it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "form":
            self.action = found["action"]
        elif tag == "input" and (found.get("type") not in ("checkbox", "radio") or "checked" in found):
            self.fields[found["name"]] = found.get("value", "")


@pytest.mark.django_db
class TestEmbedded:
    def test_what_is_typed_into_it_signs_up(self):
        cache.clear()
        Topic.objects.create(slug="ai", name="AI")
        weekly = open_form(sign_up_asks=["topics", "cadence", "name"], sign_up_fields=[COMPANY])
        form = Form(embeddable(weekly))
        assert form.action.endswith("/s/weekly")
        fields = form.fields
        assert fields.pop("website") == ""
        answer = Client(enforce_csrf_checks=True).post(
            "/s/weekly", fields | {"email": ANNA}, HTTP_ORIGIN="https://www.example.org"
        )
        assert answer.status_code == 303
        assert Consent.objects.get().source == "form on https://www.example.org"

    def test_it_holds_nothing_that_acts_and_escapes_what_it_shows(self):
        Topic.objects.create(slug="ai", name=HOSTILE)
        weekly = open_form(sign_up_asks=["topics"], sign_up_fields=[COMPANY | {"label": HOSTILE}])
        reword(weekly, HOSTILE)
        html = embeddable(weekly)
        assert "<script" not in html
        assert html.count("&lt;script&gt;") == 3
        assert "csrf" not in html

    def test_it_speaks_the_newsletters_language_and_wears_its_colour(self):
        weekly = open_form()
        Newsletter.objects.create(
            slug="weekly", name="Wöchentlich", mailing_list=weekly, language="de", colour="#ffd400",
            from_name="Us", from_email="us@example.org", postal_address="1 Quay",
        )  # fmt: skip
        html = embeddable(weekly)
        assert 'lang="de"' in html
        assert "background: #ffd400; color: #16181b" in html
