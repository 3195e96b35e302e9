"""The settings of a list's sign-up form on the staff site."""

import pytest
from django.urls import reverse

from subscribers.models import MailingList, Wording
from tests.roles import somebody

pytestmark = pytest.mark.django_db
SETTINGS = {
    "name": "Weekly",
    "slug": "weekly",
    "description": "",
    "sign_up_open": "on",
    "wording": "I agree to get the Weekly.",
    "sign_up_intro": "News & views",
    "sign_up_asks": ["topics", "name"],
    "sign_up_fields": '[{"key": "company", "label": "Company", "type": "text"}]',
    "sign_up_origins": "https://www.example.org\n\n https://example.net ",
    "sign_up_next": "https://www.example.org/thanks",
    "confirmed_next": "",
    "soft_bounce_limit": 3,
    "soft_bounce_issues": 5,
    "soft_bounce_pause_days": 30,
}


@pytest.fixture
def weekly():
    return MailingList.objects.create(slug="weekly", name="Weekly")


def save(admin_client, mailing_list, **changed):
    url = reverse("admin:subscribers_mailinglist_change", args=[mailing_list.pk])
    return admin_client.post(url, SETTINGS | changed)


def test_settings_are_saved_and_the_form_is_shown_as_html(admin_client, weekly):
    answer = save(admin_client, weekly)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    weekly.refresh_from_db()
    assert weekly.sign_up_open
    assert weekly.sign_up_asks == ["topics", "name"]
    assert weekly.sign_up_fields == [{"key": "company", "label": "Company", "type": "text"}]
    assert weekly.sign_up_origins == ["https://www.example.org", "https://example.net"]
    page = admin_client.get(reverse("admin:subscribers_mailinglist_change", args=[weekly.pk])).text
    assert "&lt;form method=&quot;post&quot;" in page
    assert "version 1" in page


def test_a_changed_wording_is_the_next_version_and_the_same_one_is_not(admin_client, weekly):
    save(admin_client, weekly)
    save(admin_client, weekly)
    save(admin_client, weekly, wording="Another text.")
    assert list(Wording.objects.order_by("version").values_list("version", "text")) == [
        (1, "I agree to get the Weekly."),
        (2, "Another text."),
    ]


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"wording": " "}, "wording", "cannot be open without a text"),
        ({"sign_up_fields": '[{"key": "email"}]'}, "sign_up_fields", "Field 1 (email)"),
        ({"sign_up_fields": "[{"}, "sign_up_fields", "valid JSON"),
        ({"sign_up_origins": "https://www.example.org/page"}, "sign_up_origins", "without a path"),
        ({"sign_up_next": "http://www.example.org/"}, "sign_up_next", "begin with https://"),
        ({"confirmed_next": "javascript:alert(1)"}, "confirmed_next", "valid URL"),
        ({"sign_up_asks": ["shoe size"]}, "sign_up_asks", "valid choice"),
    ],
)
def test_a_wrong_setting_is_told_at_its_field_and_nothing_is_saved(
    admin_client, weekly, changed, field, message
):
    answer = save(admin_client, weekly, **changed)
    assert answer.status_code == 200
    assert message in str(answer.context["adminform"].form.errors[field])
    weekly.refresh_from_db()
    assert not weekly.sign_up_open
    assert not Wording.objects.exists()


def test_who_may_only_look_sees_the_settings(client, weekly, admin_client):
    save(admin_client, weekly)
    client.force_login(somebody("reader"))
    answer = client.get(reverse("admin:subscribers_mailinglist_change", args=[weekly.pk]))
    assert answer.status_code == 200
    assert "I agree to get the Weekly." in answer.text
    assert save(client, weekly, name="Mine").status_code == 403


def test_a_new_list_is_made_with_its_form(admin_client):
    answer = admin_client.post(reverse("admin:subscribers_mailinglist_add"), SETTINGS | {"slug": "daily"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Wording.objects.get().mailing_list.slug == "daily"
