"""The look of a newsletter: shown before it is kept, and kept by who may."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from mailer.issues.models import OwnTheme
from mailer.issues.themes.keep import keep
from tests.issues.themes.test_own_theme import FILES
from tests.newsroom import make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db
LOOK = {
    "theme": "letter",
    "own_theme": "",
    "colour": "#aa3300",
    "page_colour": "",
    "font": "mono",
    "logo": "",
}


@pytest.fixture
def newsletter():
    return make_issue().newsletter


@pytest.fixture
def administrator(client):
    user = somebody("administrator")
    client.force_login(user)
    return user


def url(name, newsletter):
    return reverse(f"staff:{name}", args=[newsletter.pk])


def test_what_is_chosen_is_shown_and_not_kept(client, administrator, newsletter):
    shown = client.post(url("look-preview", newsletter), LOOK | {"language": "ar"}).json()
    assert 'dir="rtl"' in shown["html"]
    assert "Consolas" in shown["html"]
    newsletter.refresh_from_db()
    assert (newsletter.theme, newsletter.font) == ("digest", "")


def test_the_newest_issue_is_shown_in_the_look(client, administrator, newsletter):
    shown = client.post(url("look-preview", newsletter), LOOK | {"language": "newest"}).json()
    assert "News about ai" in shown["html"]


def test_a_wrong_value_is_named_in_place_of_a_preview(client, administrator, newsletter):
    shown = client.post(url("look-preview", newsletter), LOOK | {"page_colour": "red;}"}).json()
    assert shown == {"errors": [{"where": "Page colour", "message": "Write it as #0f5c6e."}]}


def test_a_look_is_kept_and_written_down(client, administrator, newsletter):
    assert client.post(url("look", newsletter), LOOK).status_code == 302
    newsletter.refresh_from_db()
    assert (newsletter.theme, newsletter.colour, newsletter.font) == ("letter", "#aa3300", "mono")
    assert LogEntry.objects.get().change_message == "Changed its look: theme, colour, font."


def test_an_own_theme_is_offered_where_it_belongs(client, administrator, newsletter):
    other = make_issue().newsletter
    theme = OwnTheme(slug="ours", name="Ours", newsletter=other)
    keep(theme, FILES)
    refused = client.post(url("look", newsletter), LOOK | {"own_theme": theme.pk})
    assert "Select a valid choice" in refused.text
    client.post(url("look", other), LOOK | {"own_theme": theme.pk})
    other.refresh_from_db()
    assert other.own_theme == theme


def test_an_editor_sees_the_look_and_keeps_none(client, newsletter):
    client.force_login(somebody("editor", at=newsletter))
    assert client.get(url("look", newsletter)).status_code == 200
    assert client.post(url("look", newsletter), LOOK).status_code == 403
    newsletter.refresh_from_db()
    assert newsletter.theme == "digest"
