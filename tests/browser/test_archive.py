"""The public archive in a real browser: on a phone and on a desk, by day and by night, in three scripts, without JavaScript."""

from datetime import date

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from mailer.issues.models import Issue, Newsletter, Story, Theme
from mailer.local.sample_issue import write_issue, write_newsletter
from subscribers.models import Consent, MailingList, Subscription, Topic
from subscribers.sign_up.wording import reword
from tests.archive.sent import sent
from tests.browser.chromium import PALE_PUBLIC_TEXT, barriers, browser_page, on_screens
from tests.newsroom import subscribe

pytestmark = pytest.mark.django_db(transaction=True)
ELSEWHERE = {
    "zh-Hans": (Theme.DIGEST, "支付周刊", "支付宝重返新加坡", "中国游客在新加坡通过支付宝的消费几乎翻倍。"),
    "ar": (
        Theme.LETTER,
        "النشرة الأسبوعية",
        "أخبار المدفوعات",
        "عاد السياح إلى سنغافورة، وهم يدفعون كما في بلادهم.",
    ),
}


def open_sign_up(mailing_list: MailingList, text: str) -> None:
    mailing_list.sign_up_open = True
    mailing_list.save()
    reword(mailing_list, text)


@pytest.fixture
def digest(live_server, settings) -> Newsletter:
    """The sample newsletter with two issues that were sent."""
    cache.clear()
    settings.PUBLIC_URL = live_server.url
    newsletter = write_newsletter()
    newsletter.archive = True
    newsletter.save()
    open_sign_up(newsletter.mailing_list, "I want the digest by email.\n\nI can leave at any time.")
    subscribe(newsletter.mailing_list, "reader@example.org")
    for subject in ("Ernie learns to count", "Alipay is back in Singapore"):
        issue = write_issue(newsletter)
        issue.subject = subject
        issue.save()
        sent(issue)
    return newsletter


def published_in(language: str) -> Newsletter:
    """A newsletter in another script, with one issue that was sent."""
    theme, name, headline, text = ELSEWHERE[language]
    mailing_list = MailingList.objects.create(slug=f"list-{language.lower()}", name=name)
    open_sign_up(mailing_list, text)
    subscribe(mailing_list, f"reader-{language.lower()}@example.org")
    newsletter = Newsletter.objects.create(
        slug=language.lower(),
        name=name,
        tagline=text,
        mailing_list=mailing_list,
        theme=theme,
        language=language,
        colour="#7a3b9d",
        from_name=name,
        from_email="post@news.example.com",
        postal_address="1 Raffles Place\nSingapore 048616",
        archive=True,
    )
    issue = Issue.objects.create(
        newsletter=newsletter, number=1, date=date(2026, 3, 2), subject=headline, preheader=text, intro=text
    )
    for position in (1, 2):
        story = Story.objects.create(
            issue=issue,
            position=position,
            headline=f"{headline} {position}",
            body=text * 3,
            link="https://www.example.com/x",
        )
        story.topics.add(Topic.objects.get(slug="payments"))
    sent(issue)
    return newsletter


@pytest.mark.parametrize("width", [390, 1280])
def test_a_reader_finds_an_issue_reads_on_and_signs_up(live_server, digest, width):
    with browser_page(width) as page:
        page.goto(f"{live_server}/archive/china-digest")
        page.get_by_label("Search the issues").fill("微信")
        page.get_by_label("Search the issues").press("Enter")
        expect(page.get_by_role("heading", name="Issues with “微信”")).to_be_visible()
        expect(page.locator("mark").first).to_have_text("微信")
        page.get_by_role("link", name="Show all issues").click()
        page.get_by_role("navigation", name="Topics").get_by_role("link", name="AI 2").click()
        expect(page.get_by_role("heading", name="Issues on AI")).to_be_visible()
        page.get_by_role("link", name="Ernie Bot learns four times in a month").last.click()
        expect(page).to_have_url(f"{live_server}/archive/china-digest/1#story-6")
        expect(page.get_by_role("heading", name="Ernie learns to count")).to_have_count(1)
        page.get_by_role("link", name="Next issue").click()
        expect(page.get_by_role("heading", name="Alipay is back in Singapore")).to_be_visible()
        page.get_by_role("banner").get_by_role("link", name="Subscribe").click()
        page.get_by_label("Email address").fill("anna@example.org")
        page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    assert Subscription.objects.get(subscriber__email="anna@example.org").state == "pending"
    assert Consent.objects.get().wording.text.startswith("I want the digest by email.")


def test_pages_fit_their_screen_and_can_be_read_by_everybody(live_server, digest):
    for language in ELSEWHERE:
        published_in(language)
    with browser_page(scripts=True) as page:
        for path in (
            "china-digest",
            "china-digest/1",
            "china-digest?q=alipay",
            "zh-hans",
            "zh-hans/1",
            "ar",
            "ar/1",
        ):
            page.goto(f"{live_server}/archive/{path}")
            for width in on_screens(page, 390, 1280):
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.evaluate(PALE_PUBLIC_TEXT) == []
            assert barriers(page) == []
