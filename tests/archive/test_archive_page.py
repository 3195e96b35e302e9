"""The list of issues: page by page, by topic, and what a search finds."""

import pytest
from bs4 import BeautifulSoup

from mailer.archive.models import WebEdition
from mailer.archive.search import AROUND, LONGEST, passage, read_query
from mailer.issues.models import Issue, Newsletter
from tests.archive.sent import a_number, many, sent

pytestmark = pytest.mark.django_db


def entries(client, newsletter, query: str = "", path: str = "") -> list[int]:
    """The numbers of the issues that a page lists, in its order."""
    answer = client.get(f"/archive/{newsletter.slug}{path}", {"q": query} if query else {})
    assert answer.status_code == 200
    links = BeautifulSoup(answer.content, "html.parser").select("article h2 a")
    return [int(link["href"].rpartition("/")[2]) for link in links]


@pytest.fixture
def shelf() -> Newsletter:
    """A newsletter with 25 issues."""
    newsletter = a_number().newsletter
    Issue.objects.all().delete()
    many(newsletter, range(1, 26))
    return newsletter


@pytest.fixture
def written() -> Newsletter:
    """A newsletter with one issue of a few sentences in several scripts."""
    issue = a_number(
        intro="Payments rose by 100% (_really_). Tourists are back.",
        outro="旅客通过支付宝付款。카카오페이도 늘었다. نظام الدفع الجديد",
    )
    sent(issue)
    return issue.newsletter


def test_it_lists_the_newest_first_page_by_page(client, shelf, settings):
    assert entries(client, shelf) == list(range(25, 5, -1))
    assert entries(client, shelf, path="?page=2") == [5, 4, 3, 2, 1]
    last = client.get(f"/archive/{shelf.slug}?page=2").content.decode()
    assert 'rel="prev"' in last
    assert 'rel="next"' not in last
    assert f'rel="canonical" href="{settings.PUBLIC_URL}/archive/{shelf.slug}?page=2"' in last


def test_a_page_that_is_not_there_is_a_clean_404(client, shelf):
    for page in ("0", "-1", "3", "99999", "9" * 400, "x", "1.5", "\x00", "", "²"):
        answer = client.get(f"/archive/{shelf.slug}", {"page": page})
        assert answer.status_code == 404
        assert b"There is no such page" in answer.content
        assert answer["X-Robots-Tag"] == "noindex"


def test_an_archive_without_issues_says_so(client):
    newsletter = a_number().newsletter
    answer = client.get(f"/archive/{newsletter.slug}")
    assert answer.status_code == 200
    assert b"No issue has been sent yet" in answer.content


def test_a_topic_has_the_issues_with_a_story_on_it(client):
    issue = a_number()
    many(issue.newsletter, [2, 3])
    sent(issue)
    slug = issue.newsletter.slug
    assert entries(client, issue.newsletter, path="/topics/policy") == [1]
    page = client.get(f"/archive/{slug}/topics/policy").content.decode()
    assert "News about policy" in page
    assert "News about ai" not in page
    assert client.get(f"/archive/{slug}/topics/nothing").status_code == 404


def test_a_topic_of_another_newsletter_is_not_there(client):
    one, other = a_number(), a_number(topics=["sports"])
    sent(one)
    sent(other)
    assert client.get(f"/archive/{other.newsletter.slug}/topics/sports").status_code == 200
    assert client.get(f"/archive/{one.newsletter.slug}/topics/sports").status_code == 404
    assert entries(client, one.newsletter, "sports") == []


def test_a_search_finds_what_was_written(client, written):
    queries = [
        "tourist",  # of another number
        "PAYMENT",
        "payments rose",
        '"payments rose by"',
        "rose -fell",
        "rose -微信",
        "News about ai",  # a headline
        "your week",  # the subject
        "支付宝",  # no breaks between words
        "旅客 付款",
        "tourists 支付",
        "카카오페이",
        "الدفع",
        "100%",
        "  payments \n\t ",
        "pay\x00ments",
    ]
    assert {query: entries(client, written, query) for query in queries} == {key: [1] for key in queries}


def test_a_search_finds_nothing_else(client, written):
    queries = [
        "nothing of it",
        '"rose payments"',
        "rose -payments",
        "rose -payment",
        "rose -支付宝",
        "支付支",
        "tourists 微信",
        "付_宝",
        "付%",
        "%",
        "_",
        "'\"",
        "\\",
        ":*&!|()",
        "-",
    ]
    assert {query: entries(client, written, query) for query in queries} == {key: [] for key in queries}


def test_an_ill_query_gets_a_page(client, written):
    queries = ["x" * 100_000, "支" * 100_000, "a " * 50_000, '"' * 3_000, "\ud800", "\x00" * 50]
    for query in queries:
        answer = client.get(f"/archive/{written.slug}", {"q": query.encode("utf-8", "replace").decode()})
        assert answer.status_code == 200
        assert len(read_query(query)) <= LONGEST


def test_what_was_found_is_marked_in_its_place(client, written):
    page = client.get(f"/archive/{written.slug}", {"q": "支付宝"})
    assert "旅客通过<mark>支付宝</mark>付款" in page.content.decode()
    assert page["X-Robots-Tag"] == "noindex"


def test_what_is_shown_around_it_has_no_half_words():
    words = " ".join(["extraordinary"] * 20)
    shown = passage(WebEdition(text=f"{words} tea {words}"), "tea")
    assert set(shown.split()) == {"…extraordinary", "extraordinary", "<mark>tea</mark>", "extraordinary…"}
    # Where no spaces are, it is cut all the same.
    assert passage(WebEdition(text="支" * 200 + "茶" + "支" * 200), "茶").count("支") == 2 * AROUND


def test_a_page_asks_the_database_as_often_however_much_is_on_it(
    client, shelf, django_assert_max_num_queries
):
    for query in ({}, {"page": "2"}, {"q": "text"}):
        with django_assert_max_num_queries(8):
            assert client.get(f"/archive/{shelf.slug}", query).status_code == 200


def test_links_and_the_foot_of_the_mail_are_not_searched(client, written):
    for query in ("https", "example.com", "unsubscribe", "Raffles"):
        assert entries(client, written, query) == []


def test_chinese_pages_speak_chinese(client):
    issue = a_number()
    Newsletter.objects.update(language="zh-Hans")
    sent(Issue.objects.get(pk=issue.pk))
    page = client.get(f"/archive/{issue.newsletter.slug}").content.decode()
    assert '<html lang="zh-Hans" dir="ltr">' in page
    assert "全部期刊" in page
