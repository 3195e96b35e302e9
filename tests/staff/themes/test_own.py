"""Themes of one's own on the site: uploaded, mended, restored, and deleted when nothing uses them."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mailer.issues.models import OwnTheme
from mailer.issues.themes.keep import keep
from tests.issues.themes.test_own_theme import FILES, STORY
from tests.newsroom import make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    user = somebody("administrator")
    client.force_login(user)
    return user


@pytest.fixture
def theme():
    theme = OwnTheme(slug="ours", name="<b>Ours</b>")
    keep(theme, FILES)
    return theme


def packed(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, source in files.items():
            archive.writestr(f"folder/{name}", source)
    return SimpleUploadedFile("theme.zip", content.getvalue())


def of(name, theme):
    return reverse(f"staff:{name}", args=[theme.pk])


def test_a_theme_is_made_from_a_zip(client, administrator):
    done = client.post(reverse("staff:theme-new"), {"title": "Ours", "slug": "ours", "upload": packed(FILES)})
    theme = OwnTheme.objects.get()
    assert done.url == of("theme", theme)
    assert theme.versions.get().files == FILES
    assert client.get(done.url).status_code == 200


@pytest.mark.parametrize("start", ["digest", "letter"])
def test_a_theme_begins_as_a_copy_of_a_built_in_one(client, administrator, start):
    client.post(reverse("staff:theme-new"), {"title": "Ours", "slug": "ours", "start": start})
    assert "story.mjml" in OwnTheme.objects.get().versions.get().files


def test_what_is_wrong_is_shown_with_its_lines_and_nothing_is_kept(client, administrator, theme):
    page = client.post(
        of("theme", theme), {"name": "story.mjml", "source": "<mj-text>\n<script>x</script></mj-text>"}
    )
    assert "story.mjml, line 2" in page.text
    assert '<li class="at"><span>2</span>&lt;script&gt;x&lt;/script&gt;&lt;/mj-text&gt;</li>' in page.text
    assert theme.versions.count() == 1


def test_all_that_is_wrong_is_told_at_once(client, administrator, theme):
    files = {
        "issue.mjml": FILES["issue.mjml"].encode() + b"\n<mj-foo></mj-foo>",
        "Story.mjml": b"<mj-bar></mj-bar>",
        "note.mjml": b"\xff\xfe",
        "theme.zip": b"no zip",
    }
    page = client.post(
        reverse("staff:theme-new"),
        {"title": "Again", "slug": "ours", "upload": [SimpleUploadedFile(*file) for file in files.items()]},
    )
    lines = FILES["issue.mjml"].count("\n") + 2
    assert [problem["where"] for problem in page.context["problems"]] == [
        "note.mjml",
        "theme.zip",
        "Story.mjml",
        "Story.mjml, line 1",
        f"issue.mjml, line {lines}",
    ]
    assert "choose another" in page.text  # the short name is taken


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("theme.zip", b"no zip", "The zip cannot be read"),
        ("issue.mjml", b"\xff\xfe", "is not UTF-8 text"),
        ("issue.mjml", b"x" * 2_000_001, "has more than 2 MB"),
        ("issue.mjml", b"x" * 100_001, "has more than 100 KB"),
    ],
    ids=["zip", "text", "upload", "file"],
)
def test_what_is_no_theme_is_refused(client, administrator, theme, name, content, said):
    page = client.post(of("theme", theme), {"upload": SimpleUploadedFile(name, content)})
    assert said.lower() in page.text.lower()
    assert theme.versions.count() == 1


def test_a_version_is_restored(client, administrator, theme):
    client.post(of("theme", theme), {"name": "story.mjml", "source": STORY + "\n<!-- new -->"})
    client.post(of("theme-restore", theme), {"version": "1"})
    assert theme.versions.all()[0].files == FILES
    assert theme.versions.count() == 3
    for missing in ("99", "9" * 18, ""):
        assert client.post(of("theme-restore", theme), {"version": missing}).status_code == 404


def test_the_files_come_back_as_they_were(client, administrator, theme):
    with zipfile.ZipFile(io.BytesIO(client.get(of("theme-files", theme)).content)) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == FILES


def test_a_theme_in_use_is_not_deleted(client, administrator, theme):
    newsletter = make_issue().newsletter
    newsletter.own_theme = theme
    newsletter.save()
    client.post(of("theme-delete", theme))
    assert OwnTheme.objects.exists()
    newsletter.own_theme = None
    newsletter.save()
    client.post(of("theme-delete", theme))
    assert not OwnTheme.objects.exists()


def test_an_editor_looks_at_themes_and_changes_none(client, theme):
    client.force_login(somebody("editor"))
    assert client.get(reverse("staff:themes")).status_code == 200
    assert client.get(of("theme", theme)).status_code == 200
    assert client.get(reverse("staff:theme-new")).status_code == 403
    assert client.post(of("theme", theme), {"source": "x"}).status_code == 403
    assert client.post(of("theme-restore", theme), {"version": "1"}).status_code == 403
    assert client.post(of("theme-delete", theme)).status_code == 403


def test_an_administrator_of_one_newsletter_changes_only_its_themes(client, theme):
    newsletter = make_issue().newsletter
    own = OwnTheme(slug="own", name="Own", newsletter=newsletter)
    keep(own, FILES)
    client.force_login(somebody("administrator", at=newsletter))
    assert client.get(of("theme", theme)).status_code == 200
    assert client.post(of("theme", theme), {"source": "x"}).status_code == 403
    assert client.post(of("theme", own), {"name": "story.mjml", "source": STORY + " "}).status_code == 302
    everywhere = client.post(reverse("staff:theme-new"), {"title": "A", "slug": "a", "start": "digest"})
    assert "This field is required" in everywhere.text


def test_names_are_escaped(client, administrator, theme):
    for page in (reverse("staff:themes"), of("theme", theme)):
        text = client.get(page).text
        assert "<b>Ours</b>" not in text
        assert "&lt;b&gt;Ours&lt;/b&gt;" in text


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_zip_that_asks_for_memory_is_not_unpacked(client, administrator, kind):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", kind) as archive:
        for name, source in FILES.items():
            archive.writestr(name, source)
    for packed_so in (content.getvalue(), b"PK" * 40):
        file = SimpleUploadedFile("theme.zip", packed_so)
        page = client.post(reverse("staff:theme-new"), {"title": "Ours", "slug": "ours", "upload": file})
        assert page.status_code == 200
        assert [problem["where"] for problem in page.context["problems"]] == ["theme.zip"]
    assert not OwnTheme.objects.exists()
