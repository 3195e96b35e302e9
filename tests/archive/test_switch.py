"""Switching the archive on, on the newsletter's page, and looking at it on the command line."""

import re
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from mailer.archive.words import _WORDS, PageWords, page_words_for
from mailer.issues.models import Newsletter
from tests.archive.sent import a_number, sent
from tests.newsroom import make_issue

pytestmark = pytest.mark.django_db
PLACE = re.compile(r"\{\w+\}")


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("archive", *arguments, stdout=out)
    return out.getvalue()


def test_a_newsletter_has_no_public_archive_unless_it_asks_for_one():
    assert not make_issue().newsletter.archive


def test_its_page_has_the_switch_and_the_address(client, settings):
    newsletter = make_issue().newsletter
    client.force_login(User.objects.create_superuser("root"))
    url = f"/staff/issues/newsletter/{newsletter.pk}/change/"
    address = f"{settings.PUBLIC_URL}/archive/{newsletter.slug}"
    page = client.get(url).content.decode()
    assert 'name="archive"' in page
    assert f"{address} (off)" in page
    Newsletter.objects.update(archive=True)
    assert f'<a href="{address}">' in client.get(url).content.decode()
    assert (
        "Known when the newsletter is saved" in client.get("/staff/issues/newsletter/add/").content.decode()
    )


def test_the_command_tells_addresses_and_issues(settings):
    issue = a_number()
    slug = issue.newsletter.slug
    assert "No issue is in it yet" in said(slug)
    sent(issue)
    told = said(slug)
    assert f"{settings.PUBLIC_URL}/archive/{slug}/feed" in told
    assert f"{settings.PUBLIC_URL}/archive/{slug}/1" in told
    assert "Hello, your week" in told
    assert "Policy (1)" in told
    Newsletter.objects.update(archive=False)
    assert "off: nobody can reach what follows" in said(slug)


def test_the_command_knows_which_newsletters_there_are():
    newsletter = make_issue().newsletter
    with pytest.raises(CommandError, match=newsletter.slug):
        said("nothing")


@pytest.mark.parametrize("language", sorted(_WORDS))
def test_phrases_have_the_places_of_the_english_ones(language):
    words, english = page_words_for(language), page_words_for("en")
    for phrase in PageWords.__dataclass_fields__:
        assert sorted(PLACE.findall(getattr(words, phrase))) == sorted(
            PLACE.findall(getattr(english, phrase))
        )
        assert "{" not in PLACE.sub("", getattr(words, phrase))
