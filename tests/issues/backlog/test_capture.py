"""A link becomes a story of the backlog: headline, text, picture of one's own, link."""

import pytest
from django.core.management import CommandError, call_command

from mailer.issues.backlog.capture import CaptureError, capture
from mailer.issues.models import Image, Story
from tests.issues.images.pictures import photo, written
from tests.newsroom import make_issue

pytestmark = pytest.mark.django_db
JPEG = written(photo(800, 600), "JPEG")


@pytest.fixture
def newsletter():
    return make_issue().newsletter


def page(site, *, alt: str = "A harbour", **how: object) -> str:
    site.says("/a.jpg", JPEG, media_type="image/jpeg")
    return site.says(
        "/story",
        f"""<meta property="og:title" content="Tencent *promises* more">
        <meta property="og:description" content="See [here](https://evil.example/)">
        <meta property="og:site_name" content="The Site">
        <meta property="og:image" content="/a.jpg"><meta property="og:image:alt" content="{alt}">""",
        **how,
    )


def test_a_page_becomes_a_story_with_a_picture_of_ones_own(site, newsletter, settings):
    captured = capture(newsletter, f"{page(site)}?utm_source=mail#top")
    assert captured.notes == ()
    story = Story.objects.get(pk=captured.story.pk)
    assert (story.newsletter, story.issue, story.position) == (newsletter, None, None)
    assert story.headline == "Tencent *promises* more"
    assert story.body == r"See \[here\](https://evil.example/)"
    assert (story.link, story.link_label) == (f"{site.url}/story", "Read it at The Site")
    image = Image.objects.get()
    assert story.image == f"{settings.PUBLIC_URL}/media/{image.file.name}"
    assert (story.image_alt, image.name, image.width) == ("A harbour", "a.jpg", 800)


def test_a_page_without_a_picture_gives_a_story_without_one(site, newsletter):
    captured = capture(newsletter, site.says("/bare", "<title>Bare</title>"))
    assert (captured.story.image, captured.story.body, captured.notes) == ("", "", ())
    assert [path for path, _ in site.asked] == ["/bare"]


def test_what_is_there_already_is_given_back(site, newsletter):
    first = capture(newsletter, page(site)).story
    again = capture(newsletter, page(site))
    assert (again.story, again.there) == (first, True)
    assert Story.objects.filter(newsletter=newsletter).count() == 1


def test_an_alt_text_that_the_page_does_not_have_is_asked_for(site, newsletter):
    captured = capture(newsletter, page(site, alt=""))
    assert captured.story.image
    assert captured.story.image_alt == ""
    assert "Write what the picture shows" in captured.notes[0]


@pytest.mark.parametrize(
    ("picture", "media_type"),
    [(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), (b"no picture", "image/jpeg"), (b"<html>", "text/html"),
     (written(photo(40, 40), "PNG"), "image/png")],
)  # fmt: skip
def test_a_picture_that_cannot_be_kept_leaves_a_story_without_one_and_says_why(
    site, newsletter, picture, media_type
):
    url = page(site)
    site.says("/a.jpg", picture, media_type=media_type)
    captured = capture(newsletter, url)
    assert captured.story.image == ""
    assert "Its picture was not taken." in captured.notes[0]


def test_a_picture_of_the_network_inside_is_not_fetched(site, newsletter):
    site.says("/story", '<title>T</title><meta property="og:image" content="http://169.254.169.254/latest/">')
    captured = capture(newsletter, f"{site.url}/story")
    assert "public internet" in captured.notes[0]


@pytest.mark.parametrize(
    ("path", "why"), [("/missing", "404"), ("/plain", "text/plain"), ("/untitled", "no title")]
)
def test_what_gives_no_story_is_told_with_what_to_do(site, newsletter, path, why):
    site.says("/plain", "hello", media_type="text/plain")
    site.says("/untitled", "<p>hello</p>")
    with pytest.raises(CaptureError, match=why):
        capture(newsletter, f"{site.url}{path}")
    assert not newsletter.backlog.exists()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "localhost", "http://[::1]/", "file:///etc/passwd", "", "not an address"]
)
def test_addresses_that_lead_inside_or_nowhere_are_refused(newsletter, url):
    with pytest.raises(CaptureError):
        capture(newsletter, url)


def test_the_command_says_what_it_made(site, newsletter, capsys):
    call_command("capture", newsletter.slug, page(site, alt=""))
    said = capsys.readouterr().out
    assert "Tencent *promises* more" in said
    assert "Write what the picture shows" in said
    with pytest.raises(CommandError, match="404"):
        call_command("capture", newsletter.slug, f"{site.url}/missing")
    with pytest.raises(CommandError, match="There is no newsletter"):
        call_command("capture", "nosuch", f"{site.url}/story")
