"""The issue builder in a browser: writing, saving, moving stories, losing the connection, two editors, checks."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import FrameLocator, Locator, Page, expect

from mailer.delivery.models import Send
from mailer.issues.editing.document import as_json, from_json
from mailer.issues.editing.merge import merge
from mailer.issues.models import Issue, Story
from tests.browser.chromium import PALE_TEXT, UNLABELLED, barriers, signed_in, staff_page
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.django_db(transaction=True)

CHECKOUT = Path(__file__).parents[2]
SECONDS = 10_000
_ISSUE_TEXTS = ("subject", "preheader", "intro", "outro", "call_to_action_label", "call_to_action_link")


@contextmanager
def builder(
    server: str, issue: Issue, session: str, width: int = 1280, scheme: str = "light"
) -> Iterator[Page]:
    """The builder's page, ready to be typed in."""
    with staff_page(server, session, width, scheme) as page:
        page.goto(f"{server}/staff/issues/{issue.pk}/")
        mail(page).get_by_text("News about ai").wait_for(state="attached")
        yield page


def mail(page: Page) -> FrameLocator:
    """What the preview shows."""
    return page.frame_locator("iframe[title='Preview of the mail']")


def saved(page: Page) -> None:
    """Wait until everything is saved."""
    expect(page.locator(".state.saved")).to_contain_text("Saved")


def headlines(page: Page) -> Locator:
    return page.locator(".story .headline")


def test_what_is_typed_is_seen_at_once_and_saved(live_server, session):
    issue = make_issue(("ai", "policy"))
    subscribe(issue.newsletter.mailing_list, "ada@example.org", topics=("policy",), first_name="Grace")
    with builder(live_server.url, issue, session) as page:
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message) or dialog.accept())
        bar = page.locator(".bar").bounding_box()["height"]
        page.get_by_label("Subject").fill("The week in one line")
        page.get_by_label("Preheader").fill("What nobody reads to its end, " * 6)
        page.locator(".unfold").first.click()
        body = page.locator(".story textarea")
        body.fill("Chips are scarce")
        body.press("Control+a")
        body.press("Control+b")
        expect(body).to_have_value("**Chips are scarce**")
        body.press("Control+z")
        expect(body).to_have_value("Chips are scarce")
        page.get_by_role("button", name="Add a story").click()
        page.keyboard.type("<img src=x onerror=alert(1)>")
        expect(mail(page).locator("body")).to_contain_text("Chips are scarce")
        expect(mail(page).locator("body")).to_contain_text("<img src=x onerror=alert(1)>")
        expect(page.locator(".gmail")).to_contain_text("The week in one line")
        expect(page.locator(".gmail")).to_contain_text("A wide window, too, cuts off")
        assert page.locator(".gmail p").first.bounding_box()["height"] < 45  # it is one line
        saved(page)
        page.locator(".count.warning").wait_for()
        assert page.locator(".bar").bounding_box()["height"] == bar  # nothing below it moved
        page.get_by_text("Number and date").click()
        page.get_by_label("Number", exact=True).fill("")
        page.locator(".state.invalid").wait_for()
        page.get_by_text("This cannot be built as it stands").wait_for()
        expect(page.locator(".write .found", has_text="Write the number of the issue")).to_have_count(1)
        page.get_by_label("Number", exact=True).fill(str(issue.number))
        saved(page)
        page.get_by_label("As", exact=True).select_option("person")
        page.get_by_placeholder("Name or address").fill("ada@")
        page.locator(".people button").click()
        expect(mail(page).locator("body")).not_to_contain_text("News about ai")
        expect(mail(page).locator("body")).to_contain_text("News about policy")
        page.get_by_role("button", name="Text", exact=True).click()
        expect(page.locator(".stage pre")).to_contain_text("NEWS ABOUT POLICY", ignore_case=True)
        assert dialogs == []
    issue.refresh_from_db()
    assert issue.subject == "The week in one line"
    assert list(issue.stories.order_by("position").values_list("headline", "body")) == [
        ("News about ai", "Chips are scarce"),
        ("News about policy", "Something happened in policy."),
        ("<img src=x onerror=alert(1)>", ""),
    ]


def test_a_picture_wants_to_be_described(live_server, session):
    issue = make_issue(("ai",))
    with builder(live_server.url, issue, session) as page:
        page.locator(".unfold").first.click()
        page.get_by_label("Upload a picture for story 1").set_input_files(CHECKOUT / "static/sample/ai.png")
        alt = page.get_by_label("What it shows (alt)")
        expect(alt).to_be_focused()
        expect(page.get_by_text("Say in a few words what the picture shows")).to_be_visible()
        page.keyboard.type("A chip")
        expect(page.get_by_text("Say in a few words what the picture shows")).to_be_hidden()
        saved(page)
    story = issue.stories.get()
    assert story.image_alt == "A chip"
    assert story.image.endswith(issue.newsletter.images.get().file.url)


def test_an_issue_that_is_being_sent_can_be_read_and_copied(live_server, session):
    issue = make_issue(("ai",))
    moment, people = timezone.now(), issue.newsletter.mailing_list
    Send.objects.create(issue=issue, mailing_list=people, planned_at=moment, candidates=0, started_at=moment)
    with builder(live_server.url, issue, session) as page:
        expect(page.get_by_label("Subject")).to_be_disabled()
        page.locator(".unfold").first.click()
        expect(page.get_by_label("Headline")).to_be_disabled()
        expect(page.get_by_role("button", name="Add a story")).to_be_hidden()
        assert barriers(page, ".desk") == []
        page.get_by_role("button", name="Go on with a copy").click()
        expect(page.get_by_label("Subject")).to_be_enabled()
    assert issue.newsletter.issues.count() == 2


def test_stories_are_moved_copied_hidden_taken_out_and_brought_back(live_server, session):
    issue = make_issue(("ai", "policy", "travel"))
    Story.objects.create(newsletter=issue.newsletter, headline="News that waited", body="It came.")
    with builder(live_server.url, issue, session) as page:
        down = page.get_by_label("Move story 1 down")
        down.focus()
        page.keyboard.press("Enter")
        expect(headlines(page)).to_have_text(["News about policy", "News about ai", "News about travel"])
        expect(page.get_by_label("Move story 2 down")).to_be_focused()
        page.locator(".story").nth(2).locator(".grip").drag_to(page.locator(".story").nth(0))
        expect(page.locator(".story .headline").first).to_have_text("News about travel")
        expect(headlines(page)).to_have_text(["News about travel", "News about policy", "News about ai"])

        page.get_by_role("button", name="From the backlog").click()
        page.locator(".waits").drag_to(page.locator(".story").nth(1))
        expect(page.locator(".story")).to_have_count(4)
        expect(headlines(page).nth(1)).to_have_text("News that waited")
        saved(page)

        page.get_by_label("More for story 1").click()
        page.get_by_role("button", name="Delete").click()
        expect(page.locator(".story")).to_have_count(3)
        saved(page)
        page.keyboard.press("Enter")
        expect(page.locator(".story")).to_have_count(4)
        expect(headlines(page).nth(0)).to_have_text("News about travel")

        page.get_by_label("More for story 4").click()
        page.get_by_role("button", name="Hide").click()
        page.get_by_label("More for story 3").click()
        page.get_by_role("button", name="Move to the backlog").click()
        page.get_by_label("More for story 1").click()
        page.get_by_role("button", name="Duplicate").click()
        saved(page)
        page.reload()
        expect(page.locator(".story")).to_have_count(4)
    kept = list(issue.stories.order_by("position").values_list("headline", "hidden"))
    assert kept == [
        ("News about travel", False),
        ("News about travel", False),
        ("News that waited", False),
        ("News about ai", True),
    ]
    assert issue.newsletter.backlog.get().headline == "News about policy"


def test_nothing_is_lost_without_a_connection_or_a_session(live_server, session):
    issue = make_issue(("ai",))
    with builder(live_server.url, issue, session) as page:
        page.context.set_offline(True)
        page.get_by_label("Preheader").fill("Written on a train")
        expect(page.locator(".state")).to_contain_text("Offline: kept in this browser")
        page.get_by_label("Subject").fill("In a tunnel")
        page.context.set_offline(False)
        saved(page)

        for status in (200, 429, 503):  # of something on the way
            page.route(
                f"**/staff/issues/{issue.pk}/save/", lambda route, _, now=status: route.fulfill(status=now)
            )
            page.get_by_label("Preheader").fill(f"Written behind a proxy that says {status}")
            expect(page.locator(".state")).to_contain_text("Offline: kept in this browser")
            page.unroute_all()
            saved(page)

        cookies = page.context.cookies()
        page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        page.get_by_label("Intro").fill("The session has ended")
        expect(page.locator(".state")).to_contain_text("Signed out")
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{live_server.url}/static/icon.svg")
        page.context.add_cookies(cookies)
        page.goto(f"{live_server.url}/staff/issues/{issue.pk}/")
        expect(page.get_by_label("Intro")).not_to_have_value("The session has ended")
        page.get_by_role("button", name="Use them").click()
        expect(page.get_by_label("Intro")).to_have_value("The session has ended")
        saved(page)
    issue.refresh_from_db()
    assert (issue.subject, issue.preheader) == ("In a tunnel", "Written behind a proxy that says 503")
    assert issue.intro == "The session has ended"


def test_two_editors_see_each_other_and_choose_where_both_wrote(live_server, session):
    issue = make_issue(("ai",))
    ben = signed_in(User.objects.create_superuser("ben", first_name="Ben", last_name="Ong"))
    with builder(live_server.url, issue, session) as page:
        context = page.context.browser.new_context()
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": ben, "url": str(live_server.url)}
        context.add_cookies([cookie])
        other = context.new_page()
        other.goto(f"{live_server.url}/staff/issues/{issue.pk}/")
        other.get_by_label("Preheader").fill("By Ben")
        saved(other)
        # Merged: the caret stays in the words that are being typed.
        subject = page.get_by_label("Subject")
        subject.fill("By Anna")
        subject.press("Home")
        page.keyboard.type("Only ")
        saved(page)
        expect(page.get_by_label("Preheader")).to_have_value("By Ben")
        page.keyboard.type("this: ")
        expect(subject).to_have_value("Only this: By Anna")
        saved(page)
        expect(page.locator(".others li")).to_contain_text("Ben")

        for one, words in ((other, "Ben's intro"), (page, "Anna's intro")):
            one.context.set_offline(True)
            one.get_by_label("Intro").fill(words)
            expect(one.locator(".state")).to_contain_text("Offline")
        other.context.set_offline(False)
        saved(other)
        page.context.set_offline(False)
        choice = page.get_by_role("dialog")
        expect(choice).to_contain_text("Ben's intro")
        expect(choice).to_contain_text("Anna's intro")
        assert barriers(page, "dialog.conflict") == []
        expect(choice.get_by_role("heading")).to_have_text("Ben Ong changed the same words")
        choice.get_by_label("Saved meanwhile").check()
        choice.get_by_role("button", name="Save these").click()
        expect(page.get_by_label("Intro")).to_have_value("Ben's intro")
        saved(page)
        context.close()
    issue.refresh_from_db()
    assert (issue.subject, issue.preheader) == ("Only this: By Anna", "By Ben")
    assert issue.intro == "Ben's intro"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_finding_leads_to_its_line_and_every_pane_is_accessible(
    live_server, session, settings, width, scheme
):
    settings.PUBLIC_URL = live_server.url  # where the picture is
    issue = make_issue(("ai", "policy"))
    image = f"{live_server.url}/static/sample/policy.png"
    issue.stories.filter(position=2).update(body="First line\n\nTBD is the third", image=image)
    with builder(live_server.url, issue, session, width, scheme) as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.reload()
        mail(page).get_by_text("News about ai").wait_for(state="attached")
        for pane in ("Preview", "Checks", "Backlog", "Test"):
            page.locator(".tabs").get_by_role("button", name=pane).click()
            assert barriers(page, ".desk") == []
            assert page.evaluate(PALE_TEXT) == []
            assert page.evaluate(UNLABELLED) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator(".tabs").get_by_role("button", name="Checks").click()
        page.get_by_role("button", name="TBD").click()
        body = page.locator(".story textarea")
        expect(body).to_be_focused()
        assert body.evaluate("field => field.value.slice(0, field.selectionStart)") == body.input_value()
        expect(page.get_by_text("Say in a few words what the picture shows")).to_be_visible()
        assert barriers(page, ".desk") == []
        assert page.evaluate(PALE_TEXT) == []
        assert page.evaluate(UNLABELLED) == []
        assert complaints == []


def test_the_page_merges_as_the_server_does(live_server, session):
    issue = make_issue(("ai",))
    chance = Random(6)
    cases = [_three_documents(chance) for _ in range(150)]
    expected = []
    for base, mine, theirs in cases:
        merge_of = merge(*(from_json(document) for document in (base, mine, theirs)))
        fields = [conflict.field for conflict in merge_of.conflicts]
        expected.append({"document": as_json(merge_of.document), "fields": fields})
    with builder(live_server.url, issue, session) as page:
        got = page.evaluate(
            """async ([cases, expected]) => {
                const { merged } = await import("/static/staff/builder/document.js");
                return cases.map(([base, mine, theirs], at) => merged(
                    base, mine, theirs, new Map(expected[at].fields.map((field) => [field, "theirs"]))).document);
            }""",
            [cases, expected],
        )
    assert any(one["fields"] for one in expected)
    assert [_said(document) for document in got] == [_said(one["document"]) for one in expected]


def _three_documents(chance: Random) -> list[dict[str, Any]]:
    """What two people started from, and what each made of it."""
    stories = [_story(number, chance) for number in range(1, chance.randint(1, 5))]
    issue = {"number": 1, "date": "2026-11-30", **dict.fromkeys(_ISSUE_TEXTS, "a")}
    base = {"issue": issue, "stories": stories}
    return [base, *(_changed(base, chance, name) for name in ("mine", "theirs"))]


def _changed(base: dict[str, Any], chance: Random, name: str) -> dict[str, Any]:
    document = deepcopy(base)
    stories = document["stories"]
    for _ in range(chance.randint(0, 3)):
        act = chance.choice(["field", "story", "move", "delete", "add"])
        if act == "field":
            document["issue"][chance.choice(_ISSUE_TEXTS)] = chance.choice("abc")
        elif act == "add":
            stories.insert(
                chance.randint(0, len(stories)),
                _story(f"new-{name}-{len(stories)}-{chance.random()}", chance),
            )
        elif stories and act == "story":
            chance.choice(stories)["body"] = chance.choice("abc")
        elif stories and act == "delete":
            stories.pop(chance.randrange(len(stories)))
        elif act == "move":
            chance.shuffle(stories)
    return document


def _story(key: int | str, chance: Random) -> dict[str, Any]:
    texts = dict.fromkeys(("headline", "body", "link", "link_label", "image", "image_alt"), "a")
    return {"id": key, **texts, "topics": [chance.randint(1, 3)], "for_everyone": False, "hidden": False}


def _said(document: dict[str, Any]) -> tuple[Any, ...]:
    return document["issue"], document["stories"]
