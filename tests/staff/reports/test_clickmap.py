"""The click map on the staff site: who may see it, and what its answer forbids."""

import pytest
from django.contrib.auth.models import User

from mailer.delivery.models import Send
from mailer.staff.models import Role
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody
from tests.tracking.sent import Click, fold_clicks, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client) -> str:
    """The page's address; somebody who may look and nothing else is signed in."""
    issue = make_issue()
    (person,) = subscribe(issue.newsletter.mailing_list, "a@example.org")
    subscribe(issue.newsletter.mailing_list, "b@example.org", topics=["ai"])
    send = sent(issue)
    fold_clicks(send, Click(person.pk, "https://www.example.com/ai", 0))
    client.force_login(somebody("reader"))
    return f"/staff/reports/{send.pk}/clicks/"


def test_whoever_may_see_sends_sees_it_and_no_script_in_it_runs(client, page) -> None:
    answer = client.get(page)
    assert answer.status_code == 200
    assert "SendGrid accepted it for 1 person; 1 of them clicked." in answer.text
    assert "Skip to the content" in answer.text
    assert "<iframe sandbox srcdoc=" in answer.text
    assert "img-src 'self' https: http:" in answer["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert '<option value="all">All 2 editions together</option>' in answer.text
    assert page in client.get(page.replace("clickmap", "change"), follow=True).text


def test_an_edition_is_chosen_by_its_number_and_saved_as_a_file(client, page) -> None:
    assert "Edition 2 of 2" in client.get(page, {"edition": "2"}).text
    together = client.get(page, {"edition": "all"}).text
    assert "All 2 editions together, drawn on edition 1" in together
    assert f'href="{page}page/?edition=all"' in together
    file = client.get(f"{page}page/", {"edition": "2"})
    assert file["Content-Disposition"].startswith("attachment")
    assert file["Content-Security-Policy"].startswith("default-src 'none'")
    assert "script" not in file["Content-Security-Policy"]
    for of_the_site in ("<form", "<a class", "<script", '<link rel="stylesheet', "Skip to the content"):
        assert of_the_site not in file.text


@pytest.mark.parametrize("chosen", ["3", "0", "x", "1' OR 1=1", "9" * 30, "²"])
def test_there_is_no_other_edition(client, page, chosen) -> None:
    assert client.get(page, {"edition": chosen}).status_code == 404


def test_a_send_that_is_not_planned_says_on_its_page_why_it_has_no_map(client, page) -> None:
    send = Send.objects.get()
    bare = Send.objects.create(issue=send.issue, mailing_list=send.mailing_list, previous=send)
    for part in ("", "page/", "?edition=all"):
        answer = client.get(f"/staff/reports/{bare.pk}/clicks/{part}", follow=True)
        assert answer.redirect_chain == [(f"/staff/sends/{bare.pk}/", 302)]
        assert "has no editions: it is not planned yet" in answer.text


def test_nobody_else_sees_it_and_it_is_only_read(client, page) -> None:
    assert client.post(page).status_code == 405
    Role.objects.all().delete()
    for address in (page, f"{page}page/"):
        assert client.get(address).status_code == 403
    client.logout()
    assert client.get(page).status_code == 302
    assert client.get("/staff/reports/999999/clicks/").status_code == 302


def test_the_newsletters_page_checks_utm_settings(client, page) -> None:
    boss = User.objects.create_superuser("boss")
    client.force_login(boss)
    form = "/staff/issues/newsletter/add/"
    shown = client.get(form).text
    assert "May hold {story}" in shown
    refused = client.post(form, {"utm_source": "a b", "utm_campaign": "{isue}", "utm_medium": "email"}).text
    assert "cannot hold a space" in refused
    assert "cannot hold {isue}" in refused
