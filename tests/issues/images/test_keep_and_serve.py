"""A picture is kept once per newsletter, and served as what it is: nothing else is."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from mailer.issues.images.address import address_of
from mailer.issues.images.encode import ImageError
from mailer.issues.images.keep import keep_picture
from mailer.issues.models import Image
from tests.issues.images.pictures import drawing, written
from tests.newsroom import make_issue

pytestmark = pytest.mark.django_db
PNG = written(drawing(), "PNG")


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def newsletter():
    return make_issue().newsletter


def path_of(image: Image, settings) -> str:
    return address_of(image).removeprefix(settings.PUBLIC_URL)


def test_the_same_picture_is_kept_once_for_each_newsletter(newsletter):
    first, new = keep_picture(newsletter, PNG, name="C:\\Users\\anna\\chart.png")
    assert (new, first.name, first.width, first.height) == (True, "chart.png", 400, 300)
    again, new = keep_picture(newsletter, PNG, name="again.png", alt="A chart")
    assert (new, again.pk, again.alt, again.name) == (False, first.pk, "A chart", "chart.png")
    other, new = keep_picture(make_issue().newsletter, PNG, name="chart.png", alt="Another")
    assert new
    assert other.file.name != first.file.name
    assert other.sha256 == first.sha256


def test_whoever_reads_mail_gets_the_picture_with_a_safe_type(client, newsletter, settings):
    image, _ = keep_picture(newsletter, PNG, name="chart.png")
    answer = client.get(path_of(image, settings))
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)
    assert len(content) == image.size
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "immutable" in answer["Cache-Control"]
    assert not answer.cookies


def test_addresses_are_absolute_and_cannot_be_guessed(newsletter, settings):
    image, _ = keep_picture(newsletter, PNG, name="chart.png")
    assert address_of(image).startswith(f"{settings.PUBLIC_URL}/media/images/")
    assert image.sha256[:40] in address_of(image)


@pytest.mark.parametrize(
    "name",
    ["images/other.png", "secret.txt", "../settings.py", "images/../../secret.png", "%2e%2e/secret.png", ""],
)
def test_nothing_but_pictures_that_are_kept_is_served(client, newsletter, name):
    keep_picture(newsletter, PNG, name="chart.png")
    default_storage.save("images/other.png", ContentFile(PNG))
    default_storage.save("secret.txt", ContentFile(b"secret"))
    assert client.get(f"/media/{name}").status_code == 404


def test_a_row_that_names_another_kind_of_file_serves_nothing(client, newsletter):
    image, _ = keep_picture(newsletter, PNG, name="chart.png")
    name = default_storage.save("images/page.html", ContentFile(b"<script>alert(1)</script>"))
    Image.objects.filter(pk=image.pk).update(file=name)
    assert client.get(f"/media/{name}").status_code == 404


def test_pictures_are_only_read(client, newsletter, settings):
    image, _ = keep_picture(newsletter, PNG, name="chart.png")
    for act in (client.post, client.put, client.delete):
        assert act(path_of(image, settings)).status_code == 405


def test_a_file_that_is_gone_is_not_found(client, newsletter, settings):
    image, _ = keep_picture(newsletter, PNG, name="chart.png")
    image.file.storage.delete(image.file.name)
    assert client.get(path_of(image, settings)).status_code == 404


def test_a_storage_that_takes_nothing_is_told_to_whoever_can_mend_it(newsletter, settings, tmp_path):
    (tmp_path / "file").write_text("no folder")
    settings.MEDIA_ROOT = tmp_path / "file"
    with pytest.raises(ImageError, match="MEDIA_ROOT"):
        keep_picture(newsletter, PNG, name="chart.png")
    assert not Image.objects.exists()
