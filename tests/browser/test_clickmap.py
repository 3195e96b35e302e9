"""The click map in a real browser: on a phone and on a desk, by day and by night."""

import pytest
from playwright.sync_api import expect

from mailer.delivery.models import Edition, Send
from subscribers.models import Subscriber
from tests.browser.chromium import PALE_TEXT, staff_page
from tests.newsroom import crowd, make_issue
from tests.tracking.sent import Click, fold_clicks, sent

pytestmark = pytest.mark.django_db(transaction=True)
SITE = "https://www.example.com"
PLACES = """() => [...document.querySelectorAll("p, h1, h2, td, img, a")].map(e => {
  const box = e.getBoundingClientRect();
  return [e.tagName, box.x, box.y, box.width, box.height].join(" ");
})"""
"""Where everything in an issue stands."""


@pytest.fixture
def send() -> Send:
    issue = make_issue(call_to_action_label="Buy", call_to_action_link=f"{SITE}/buy")
    story = issue.stories.first()
    story.body = (
        f"Something [long that wraps and goes on and on over more than one line]({SITE}/long) happened. " * 3
    )
    story.save()
    crowd(issue.newsletter.mailing_list, 12)
    crowd(issue.newsletter.mailing_list, 3, topics=["ai"])
    send = sent(issue)
    people = Subscriber.objects.order_by("id")
    fold_clicks(send, *(Click(person.pk, f"{SITE}/ai", 0) for person in people[:9]))
    fold_clicks(send, *(Click(person.pk, f"{SITE}/policy", 5) for person in people[3:6]))
    return send


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_shares_lie_over_the_issue_and_nothing_in_it_moves(live_server, session, send, width, scheme) -> None:
    alone = Edition.objects.filter(send=send).earliest("id").html
    hostile = alone.replace("</body>", "<script>parent.document.title = 'Hostile'</script></body>")
    Edition.objects.filter(send=send).update(html=hostile)
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}/staff/delivery/send/{send.pk}/change/")
        page.get_by_role("link", name="Click map").click()
        page.get_by_text("Hello, your week").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(PALE_TEXT.replace(".desk *", "#content *")) == []
        frame = page.frames[1]
        # The issue alone, in a window as wide as the frame.
        inside = frame.evaluate("innerWidth")
        drawn = frame.evaluate(PLACES)
        badges = frame.locator(".clickmap-badge")
        expect(badges.first).to_have_text("75.0 % · 9")
        expect(badges.first).to_be_visible()
        assert page.title().strip().startswith("Click map of")
        assert frame.evaluate("document.scrollingElement.scrollWidth") <= inside
        page.emulate_media(media="print")
        # On paper nothing scrolls, and the frame comes last. Out of sight it draws nothing, so it is looked at, and not
        # asked whenever it draws.
        page.locator("iframe").scroll_into_view_if_needed()
        frame.wait_for_function("innerHeight > 900", polling=50)
        assert frame.evaluate("document.documentElement.offsetHeight <= innerHeight")
        page.emulate_media(media="screen")
        page.get_by_label("Whose clicks").select_option("all")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("editions together, drawn on")).to_be_visible()
        page.set_viewport_size({"width": inside, "height": 900})
        page.set_content(alone)
        assert drawn == page.evaluate(PLACES)
