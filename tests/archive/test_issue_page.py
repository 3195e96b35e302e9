"""The page of an issue: for everybody and nobody in particular, whatever stands in it."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from mailer.issues.models import Issue, Newsletter
from subscribers.sign_up.wording import reword
from tests.archive.sent import a_number, many, sent

pytestmark = pytest.mark.django_db
HOSTILE = "</title></script><script>alert(1)</script><img src=x onerror='alert(2)'>\"&amp;"


def page_of(client, issue, number: int = 1) -> BeautifulSoup:
    answer = client.get(f"/archive/{issue.newsletter.slug}/{number}")
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


def open_sign_up(newsletter: Newsletter, **fields: object) -> None:
    mailing_list = newsletter.mailing_list
    mailing_list.sign_up_open = True
    for name, value in fields.items():
        setattr(mailing_list, name, value)
    mailing_list.save()
    reword(mailing_list, "I want it by email.")


def test_merge_tags_have_their_neutral_values(client):
    issue = a_number(intro='Dear {{ subscriber.first_name or "reader" }}, born {{ subscriber.year }}.')
    sent(issue)
    page = page_of(client, issue)
    assert page.title.text == "Hello, your week · The Weekly"
    assert page.h1.text == "Hello, your week"
    assert "Dear reader, born ." in page.main.text


def test_nothing_in_it_is_anybodys_own(client, settings):
    issue = a_number(intro="You may [leave]({{ links.unsubscribe }}), or [look]({{ links.view }}).")
    open_sign_up(issue.newsletter)
    sent(issue)
    page = page_of(client, issue)
    addresses = [element.get("href") or element.get("src") for element in page.select("[href], [src]")]
    assert [each for each in addresses if re.search(r"/[upv]/|confirm|open\.|track", each)] == []
    assert "clicktracking" not in str(page)
    assert "Unsubscribe" not in page.main.text
    assert "Preferences" not in page.main.text
    assert "View in browser" not in page.main.text
    assert "You get this because" not in page.main.text
    base, slug = settings.PUBLIC_URL, issue.newsletter.slug
    said = {link.text: link["href"] for link in page.main.select("a")}
    assert said["Subscribe"] == f"{base}/s/{slug}"
    assert said["All issues"] == f"{base}/archive/{slug}"
    assert said["leave"] == f"{base}/s/{slug}"
    assert said["look"] == f"{base}/archive/{slug}/1"


@pytest.mark.parametrize(
    ("theme", "language"),
    [
        *(
            ("digest", language)
            for language in ("en", "de", "fr", "es", "zh-Hans", "zh-Hant", "ja", "ko", "ar", "he")
        ),
        ("letter", "en"),
        ("letter", "ar"),
    ],
)
def test_what_is_for_its_reader_alone_is_gone_in_every_theme_and_language(client, theme, language):
    issue = a_number()
    Newsletter.objects.update(theme=theme, language=language)
    sent(Issue.objects.get(pk=issue.pk))
    page = page_of(client, issue)
    assert page.html["dir"] == ("rtl" if language in ("ar", "he") else "ltr")
    assert page.html["lang"] == language
    foot = page.main.text[-120:]
    assert "The Weekly." not in foot
    assert foot.count("·") <= 1  # the link to all issues stands alone where nobody can sign up
    assert [link.text for link in page.main.select(f'a[href$="/archive/{issue.newsletter.slug}"]')] != []


def test_hostile_content_is_shown_and_does_nothing(client):
    issue = a_number(subject=HOSTILE, preheader=HOSTILE, intro=HOSTILE, outro=HOSTILE)
    issue.stories.update(
        headline=HOSTILE, body=HOSTILE, image_alt=HOSTILE, image="https://www.example.com/a.png"
    )
    Newsletter.objects.update(name=HOSTILE, tagline=HOSTILE, from_name=HOSTILE, postal_address=HOSTILE)
    issue = Issue.objects.get(pk=issue.pk)
    open_sign_up(issue.newsletter)
    reword(issue.newsletter.mailing_list, HOSTILE)
    sent(issue)
    slug = issue.newsletter.slug
    for path in (f"{slug}/1", slug, f"{slug}?q=alert", f"{slug}/99"):
        answer = client.get(f"/archive/{path}")
        page = BeautifulSoup(answer.content, "html.parser")
        assert [script.get("type") for script in page.select("script")] in ([], ["application/ld+json"])
        assert page.select("[onerror]") == []
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.title.text.count(HOSTILE) >= 1
    assert json.loads(page_of(client, issue).select_one("script").text)["headline"] == HOSTILE


def test_the_styles_of_a_mail_are_let_in_and_only_there(client):
    issue = a_number()
    sent(issue)
    slug = issue.newsletter.slug
    assert "style-src 'self' 'unsafe-inline'" in client.get(f"/archive/{slug}/1")["Content-Security-Policy"]
    assert "unsafe-inline" not in client.get(f"/archive/{slug}")["Content-Security-Policy"]


def test_other_sites_can_make_a_card_of_it(client, settings):
    issue = a_number()
    issue.stories.filter(position=2).update(image="https://www.example.com/a.png", image_alt="A bridge")
    sent(issue)
    page = page_of(client, issue)
    said = {meta.get("property") or meta.get("name"): meta.get("content") for meta in page.select("meta")}
    url = f"{settings.PUBLIC_URL}/archive/{issue.newsletter.slug}/1"
    assert said["og:type"] == "article"
    assert said["og:title"] == said["twitter:title"] == "Hello, your week"
    assert said["og:description"] == said["description"] == "What happened"
    assert said["og:image"] == said["twitter:image"] == "https://www.example.com/a.png"
    assert said["og:image:alt"] == "A bridge"
    assert said["og:site_name"] == "The Weekly"
    assert said["og:url"] == page.select_one("link[rel=canonical]")["href"] == url
    assert said["twitter:card"] == "summary_large_image"
    assert "robots" not in said
    data = json.loads(page.select_one("script[type='application/ld+json']").text)
    assert (data["@type"], data["headline"], data["url"]) == ("Article", "Hello, your week", url)


def test_a_link_can_lead_to_a_story(client):
    issue = a_number()
    issue.stories.filter(position=2).update(headline='{{ subscriber.first_name or "You" }} & policy')
    sent(issue)
    page = page_of(client, issue)
    assert page.find(id="story-2").text == "You & policy"
    archive = client.get(f"/archive/{issue.newsletter.slug}").content.decode()
    assert f'/archive/{issue.newsletter.slug}/1#story-2"><bdi>You &amp; policy</bdi>' in archive


def test_the_box_is_the_form_of_the_list(client):
    issue = a_number()
    fields = [
        {"key": "company", "label": "Company", "type": "text", "required": True},
        {"key": "size", "label": "Size", "type": "text"},
    ]
    open_sign_up(issue.newsletter, sign_up_fields=fields, sign_up_next="https://www.example.com/thanks")
    sent(issue)
    answer = client.get(f"/archive/{issue.newsletter.slug}/1")
    form = BeautifulSoup(answer.content, "html.parser").select_one("form")
    assert form["action"] == f"/s/{issue.newsletter.slug}"
    assert [field["name"] for field in form.select("input")] == [
        "email",
        "field_company",
        "website",
        "wording",
    ]
    assert "I want it by email." in form.text
    assert "form-action 'self' https://www.example.com;" in answer["Content-Security-Policy"]
    given = {
        "email": "anna@example.org",
        "field_company": "Us",
        "wording": form.select_one("[name=wording]")["value"],
    }
    assert client.post(form["action"], given).status_code == 303


def test_there_is_no_box_where_nobody_can_sign_up(client):
    issue = a_number()
    sent(issue)
    page = page_of(client, issue)
    assert page.select("form") == []
    assert "Subscribe" not in page.text


def test_caches_may_keep_it_and_ask_whether_it_changed(client):
    issue = a_number()
    sent(issue)
    url = f"/archive/{issue.newsletter.slug}/1"
    first = client.get(url)
    assert first["Cache-Control"] == "public, max-age=300"
    assert "Vary" not in first or "Cookie" not in first["Vary"]
    assert not first.cookies
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.get(url, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    head = client.head(url)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", first["ETag"])
    many(issue.newsletter, [2])
    assert (
        client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 200
    )  # it leads to the next one


def test_nothing_can_be_posted_to_it(client):
    issue = a_number()
    sent(issue)
    for path in (f"archive/{issue.newsletter.slug}/1", f"archive/{issue.newsletter.slug}", "sitemap.xml"):
        assert client.post(f"/{path}").status_code == 405


def test_an_issue_that_is_not_there_is_a_clean_404(client):
    issue = a_number()
    sent(issue)
    for path in ("2", "0", "01x", "999999999", "9999999999999999999999", "-1"):
        assert client.get(f"/archive/{issue.newsletter.slug}/{path}").status_code == 404
    missing = client.get(f"/archive/{issue.newsletter.slug}/2")
    assert b"There is no such page" in missing.content
    assert (missing["X-Robots-Tag"], missing["Cache-Control"]) == ("noindex", "no-store")
