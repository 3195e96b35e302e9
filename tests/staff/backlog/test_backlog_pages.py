"""The backlog's pages: what an editor sees and does, and what others may not."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mailer.issues.editing.who import name_of
from mailer.issues.models import Feed, FeedEntry, Image, Issue, Newsletter, Story
from mailer.staff.admin.base import ModelForm
from mailer.staff.backlog.stories import StoryForm
from subscribers.models import Topic
from tests.issues.images.pictures import photo, written
from tests.newsroom import make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db
LIST = "/staff/backlog/"
JPEG = written(photo(400, 300), "JPEG")


def waiting(newsletter: Newsletter, headline: str, **fields: object) -> Story:
    return Story.objects.create(newsletter=newsletter, headline=headline, body="Text", **fields)


def at(name: str, number: int) -> str:
    return reverse(f"staff:{name}", args=[number])


def form(**fields: object) -> dict[str, object]:
    return {"headline": "A headline", "body": "Text", "link": "", "link_label": "", "image_alt": "", **fields}


def test_an_empty_backlog_says_what_to_do(editor):
    page = editor.get(LIST).text
    assert "The backlog is empty." in page
    assert "Paste the address of a page above" in page


def test_stories_are_found_by_words_topic_and_feed(editor, newsletter):
    ai, other = waiting(newsletter, "Robots"), waiting(newsletter, "Trains", link="https://rail.example/x")
    topic = Topic.objects.get(slug="ai")
    ai.topics.add(topic)
    feed = Feed.objects.create(newsletter=newsletter, url="https://www.example.org/feed", title="The Feed")
    FeedEntry.objects.create(feed=feed, key="1", story=other)

    def found(query: str) -> list[str]:
        return [line.story.headline for line in editor.get(f"{LIST}?{query}").context["lines"]]

    assert found("") == ["Trains", "Robots"]
    assert found("q=robots") == found(f"topic={topic.pk}") == found("feed=hand") == ["Robots"]
    assert found(f"feed={feed.pk}") == found("q=rail") == ["Trains"]
    assert found("q=nothing") == []
    assert found("topic=x&feed=99999999999999999999&page=x&q=%00") == ["Trains", "Robots"]
    assert "from <bdi>The Feed</bdi>" in editor.get(LIST).text


def test_the_list_has_pages(editor, newsletter):
    for number in range(35):
        waiting(newsletter, f"Story {number}")
    assert len(editor.get(LIST).context["lines"]) == 30
    second = editor.get(f"{LIST}?page=2")
    assert len(second.context["lines"]) == 5
    assert "page 2 of 2" in second.text


def test_what_comes_from_outside_is_shown_as_text(editor, newsletter):
    waiting(newsletter, "<script>alert(1)</script>", link='https://x.example/"><script>alert(2)</script>')
    for link in ("javascript://x.example/%0aalert(3)", "http://[", "{{ links.view }}"):
        waiting(newsletter, "Strange", link=link)
    page = editor.get(LIST).text
    assert "<script>alert" not in page
    assert "javascript:" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_story_is_written_with_a_picture(editor, newsletter, site, settings):
    picture = SimpleUploadedFile("IMG_1.jpg", JPEG, "image/jpeg")
    topic = Topic.objects.get(slug="ai")
    answer = editor.post(
        at("backlog-new", newsletter.pk),
        form(link="https://www.example.org/", picture=picture, image_alt="A harbour", topics=[topic.pk]),
    )
    assert answer.status_code == 302
    story = newsletter.backlog.get()
    assert answer.url.endswith(f"#story-{story.pk}")
    assert story.image.startswith(f"{settings.PUBLIC_URL}/media/images/")
    assert (story.image_alt, list(story.topics.all())) == ("A harbour", [topic])
    assert LogEntry.objects.get(object_id=str(story.pk)).change_message == "Wrote it for the backlog."


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"headline": ""}, "This field is required."),
        ({"link": "javascript:alert(1)"}, "write an https:// address"),
        ({"link": "www.example.org"}, "no host"),
        ({"picture": SimpleUploadedFile("a.jpg", JPEG)}, "Say in a few words what the picture shows"),
        (
            {"picture": SimpleUploadedFile("a.svg", b"<svg/>"), "image_alt": "x"},
            "no picture that mail can show",
        ),
        ({"topics": [99999]}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_kept_is_told_at_its_field(editor, newsletter, site, fields, said):
    for value in fields.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    answer = editor.post(at("backlog-new", newsletter.pk), form(**fields))
    assert answer.status_code == 422
    assert said in answer.text.replace("&#x27;", "'")
    assert not newsletter.backlog.exists()


def test_a_story_is_worked_on_and_no_feed_cleans_it_up_then(editor, newsletter):
    story = waiting(newsletter, "Old", image="https://www.example.org/a.png", image_alt="A")
    editor.post(at("backlog-story", story.pk), form(headline="New", without_picture="on"))
    story.refresh_from_db()
    assert (story.headline, story.image, story.image_alt) == ("New", "", "")
    assert story.touched_at is not None


def test_what_somebody_else_kept_meanwhile_is_shown_and_replaced_only_knowingly(editor, newsletter):
    story = waiting(newsletter, "Old")
    address, seen = at("backlog-story", story.pk), editor.get(at("backlog-story", story.pk)).context["seen"]
    editor.post(address, form(headline="Theirs", body="<b>Their</b> text", seen=seen))
    wrong = editor.post(address, form(headline="", seen=seen))
    assert wrong.context["seen"] == seen
    answer = editor.post(address, form(headline="Mine", seen=seen))
    assert answer.status_code == 422
    name = name_of(LogEntry.objects.latest("action_time").user)
    for said in (f"{name} changed it while you wrote", "Kept now: Theirs", "&lt;b&gt;Their", 'value="Mine"'):
        assert said in answer.text
    story.refresh_from_db()
    assert story.headline == "Theirs"
    editor.post(address, form(headline="Mine", seen=answer.context["seen"]))
    story.refresh_from_db()
    assert story.headline == "Mine"


def test_a_story_of_an_issue_is_worked_on_there(editor, newsletter):
    story = Story.objects.filter(issue__newsletter=newsletter).first()
    answer = editor.get(at("backlog-story", story.pk))
    assert (answer.status_code, answer.url) == (302, at("issue", story.issue_id))


def test_chosen_stories_go_into_an_issue_in_their_order_with_a_version(editor, newsletter):
    first, second = waiting(newsletter, "First"), waiting(newsletter, "Second")
    issue = newsletter.issues.get()
    answer = editor.post(
        at("backlog-move", newsletter.pk), {"issue": issue.pk, "story": [second.pk, first.pk]}
    )
    assert answer.url == at("issue", issue.pk)
    assert list(issue.stories.order_by("position").values_list("headline", flat=True))[-2:] == [
        "Second",
        "First",
    ]
    issue.refresh_from_db()
    assert issue.revision == 2
    assert issue.versions.get(revision=2).why == "Stories from the backlog"
    assert not newsletter.backlog.exists()
    assert LogEntry.objects.filter(change_message="Put 2 stories of the backlog into it.").exists()


def test_a_new_issue_is_begun_with_the_chosen_stories(editor, newsletter):
    story = waiting(newsletter, "First")
    editor.post(at("backlog-move", newsletter.pk), {"issue": "new", "story": [story.pk]})
    issue = newsletter.issues.order_by("-number").first()
    assert (issue.number, [each.headline for each in issue.stories.all()]) == (2, ["First"])


def test_more_than_an_issue_holds_is_not_moved_into_one(editor, newsletter):
    stories = [waiting(newsletter, "Long") for _ in range(5)]
    Story.objects.filter(newsletter=newsletter).update(body="x" * 50_000)
    for into in ("new", newsletter.issues.get().pk):
        form = {"issue": into, "story": [story.pk for story in stories]}
        page = editor.post(at("backlog-move", newsletter.pk), form, follow=True).text
        assert "Nothing was moved. An issue has 200,000 characters at most" in page
    assert (newsletter.backlog.count(), newsletter.issues.count()) == (5, 1)


def test_stories_of_others_and_issues_of_others_are_not_moved(editor, newsletter):
    others = make_issue()
    story, mine = waiting(others.newsletter, "Theirs"), waiting(newsletter, "Mine")
    editor.post(at("backlog-move", newsletter.pk), {"issue": "new", "story": [story.pk]})
    editor.post(at("backlog-move", newsletter.pk), {"issue": others.pk, "story": [mine.pk]})
    assert others.newsletter.backlog.get() == story
    assert newsletter.backlog.get() == mine
    assert Issue.objects.count() == 2


def test_deleting_is_confirmed_with_the_headlines(editor, newsletter):
    story, other = waiting(newsletter, "Gone"), waiting(newsletter, "Stays")
    page = editor.post(at("backlog-delete", newsletter.pk), {"story": [story.pk]})
    assert "Delete 1 story from the backlog?" in page.text
    assert Story.objects.filter(pk=story.pk).exists()
    editor.post(at("backlog-delete", newsletter.pk), {"story": [story.pk], "sure": "yes"})
    assert newsletter.backlog.get() == other
    assert LogEntry.objects.filter(object_repr="Gone", action_flag=3).exists()
    assert "No story was chosen" in editor.post(at("backlog-delete", newsletter.pk), follow=True).text


def test_a_pasted_link_leads_to_its_story(editor, newsletter, site):
    url = site.says("/story", "<title>A page</title><meta name=description content=Described>")
    answer = editor.post(at("backlog-capture", newsletter.pk), {"url": url}, follow=True)
    assert "The page is a story of the backlog now." in answer.text
    assert newsletter.backlog.get().headline == "A page"
    answer = editor.post(at("backlog-capture", newsletter.pk), {"url": f"{site.url}/missing"}, follow=True)
    assert "answered 404" in answer.text
    assert f'value="{site.url}/missing"' in answer.text


def test_the_builder_captures_in_json(editor, newsletter, site):
    url = site.says("/story", "<title>A page</title>")
    answer = editor.post(at("capture", newsletter.pk), {"url": url}, content_type="application/json")
    story = newsletter.backlog.get()
    assert answer.status_code == 201
    assert (
        answer.json()["story"] | {"id": story.pk, "headline": "A page", "hidden": False, "feed": ""}
        == answer.json()["story"]
    )
    for body in ('{"url": "http://169.254.169.254/"}', "{}", "[", "[1]", '{"url": 1}'):
        answer = editor.post(at("capture", newsletter.pk), body, content_type="application/json")
        assert (answer.status_code, bool(answer.json()["message"])) == (422, True)


def test_the_builder_uploads_pictures_and_lists_them(editor, newsletter, site, settings):
    address = at("images", newsletter.pk)
    answer = editor.post(address, {"file": SimpleUploadedFile("a.jpg", JPEG), "alt": "A harbour"})
    assert answer.status_code == 201
    picture = answer.json()
    assert picture["url"].startswith(settings.PUBLIC_URL)
    assert (picture["alt"], picture["width"], picture["height"]) == ("A harbour", 400, 300)
    again = editor.post(address, {"file": SimpleUploadedFile("b.jpg", JPEG), "alt": "Ships"}).json()
    assert (again["id"], again["alt"]) == (picture["id"], "Ships")
    assert [each["id"] for each in editor.get(address).json()] == [picture["id"]]
    assert Image.objects.count() == 1
    for data in ({}, {"file": SimpleUploadedFile("a.svg", b"<svg onload=alert(1)>")}):
        answer = editor.post(address, data)
        assert (answer.status_code, bool(answer.json()["message"])) == (422, True)


PAGES = ("feeds", "images", "backlog-new", "backlog-capture", "backlog-move", "backlog-delete", "capture")


@pytest.mark.parametrize("role", ["reader", "approver", "marketer"])
def test_who_may_only_look_changes_nothing(client, newsletter, role):
    client.force_login(somebody(role, at=newsletter))
    story = waiting(newsletter, "Story")
    feed = Feed.objects.create(newsletter=newsletter, url="https://www.example.org/feed")
    page = client.get(LIST)
    assert "Story" in page.text
    assert 'type="checkbox"' not in page.text
    assert client.get(at("feeds", newsletter.pk)).status_code == 200
    assert client.get(at("backlog-story", story.pk)).status_code == 200
    for address in (*(at(name, newsletter.pk) for name in PAGES), at("backlog-story", story.pk), at("feed", feed.pk), at("feed-look", feed.pk), at("feed-delete", feed.pk)):  # fmt: skip
        assert client.post(address, {"story": [story.pk], "sure": "yes", "url": "x"}).status_code == 403, (
            address
        )


def test_a_role_at_another_newsletter_opens_nothing(client, newsletter):
    other = make_issue().newsletter
    client.force_login(somebody("editor", at=other))
    story = waiting(newsletter, "Secret plan")
    feed = Feed.objects.create(newsletter=newsletter, url="https://www.example.org/feed")
    assert "Secret plan" not in client.get(f"{LIST}?newsletter={newsletter.slug}").text
    for address in (*(at(name, newsletter.pk) for name in PAGES), at("backlog-story", story.pk), at("feed", feed.pk), at("feed-look", feed.pk), at("feed-delete", feed.pk)):  # fmt: skip
        assert client.get(address).status_code in (403, 405), address
        assert client.post(address, {"story": [story.pk], "sure": "yes"}).status_code == 403, address
    assert newsletter.backlog.get() == story


def test_nothing_changes_on_get(editor, newsletter):
    for name in ("backlog-capture", "backlog-move", "backlog-delete", "capture"):
        assert editor.get(at(name, newsletter.pk)).status_code == 405


def test_who_is_not_signed_in_is_sent_to_sign_in(client, newsletter):
    assert client.get(LIST).status_code == 302


def test_a_story_that_was_moved_while_somebody_worked_on_it_is_not_taken_back(
    editor, newsletter, monkeypatch
):
    story, issue = waiting(newsletter, "Robots"), newsletter.issues.get()

    def valid(form: StoryForm) -> bool:
        Story.objects.filter(pk=story.pk).update(issue=issue, newsletter=None, position=9)
        return ModelForm.is_valid(form)

    # As if somebody moved it while the picture is read.
    monkeypatch.setattr(StoryForm, "is_valid", valid)
    answer = editor.post(at("backlog-story", story.pk), form(headline="Other"))
    assert answer.status_code == 422
    assert "no more in the backlog" in answer.text
    assert Story.objects.values_list("issue", "headline").get(pk=story.pk) == (issue.pk, "Robots")
