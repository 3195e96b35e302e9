"""The list of reports, a newsletter's rates as lines, and sends side by side."""

import pytest
from django.urls import reverse

from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
from mailer.tracking.reports.keep import count_and_keep
from tests.newsroom import crowd, make_issue, next_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db
REPORTS = "/staff/reports/"


@pytest.fixture
def sends():
    first = make_issue()
    crowd(first.newsletter.mailing_list, 4)
    made = []
    for issue in (first, next_issue(first)):
        send = send_of(issue)
        plan(send)
        start(send)
        made.append(send)
    return made


def test_every_send_stands_there_counted_or_not(client, sends):
    count_and_keep(sends[0])
    client.force_login(somebody("reader"))
    text = client.get(REPORTS).text
    assert text.count("not counted yet") == 1
    for send in sends:
        assert reverse("staff:report", args=[send.pk]) in text


def test_a_newsletters_rates_are_drawn_when_two_were_counted(client, sends):
    client.force_login(somebody("reader"))
    newsletter = sends[0].issue.newsletter_id
    count_and_keep(sends[0])
    assert 'class="rate"' not in client.get(REPORTS, {"newsletter": newsletter}).text
    count_and_keep(sends[1])
    assert client.get(REPORTS, {"newsletter": newsletter}).text.count('class="rate"') == 2


def test_sends_are_compared_side_by_side(client, sends):
    for send in sends:
        count_and_keep(send)
    client.force_login(somebody("reader"))
    text = client.get(REPORTS, {"compare": [sends[0].pk, sends[1].pk]}).text
    assert "Side by side" in text
    assert "Side by side" not in client.get(REPORTS, {"compare": [sends[0].pk]}).text


@pytest.mark.parametrize(
    "query",
    ["?page=999", "?page=x", "?newsletter=x", "?compare=x&compare=999999999999999999", "?newsletter=0"],
)
def test_any_query_gets_a_page(client, sends, query):
    client.force_login(somebody("reader"))
    assert client.get(REPORTS + query).status_code == 200
