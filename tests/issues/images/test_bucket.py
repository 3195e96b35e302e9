"""Pictures in a bucket: what is put there, and the addresses that readers get."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mailer.config.environment import read
from mailer.config.storage import pictures
from mailer.issues.images.address import address_of
from mailer.issues.images.keep import keep_picture
from tests.config.test_environment import GOOD
from tests.issues.images.pictures import drawing, written
from tests.newsroom import make_issue

PNG = written(drawing(), "PNG")


class Bucket:
    """Objects by path, and the headers with which each was put."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}


@contextmanager
def storage() -> Iterator[Bucket]:
    """The few acts of S3's API that keeping and deleting a file need."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(200 if self.path in bucket.objects else 404)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bucket.objects[self.path] = body, {name.lower(): value for name, value in self.headers.items()}
            self._answer(200)

        def do_DELETE(self) -> None:
            bucket.objects.pop(self.path, None)
            self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    bucket = Bucket(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.02}).start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()


def configured(**variables: str) -> dict[str, object]:
    return pictures(read({**GOOD, **variables}))


def test_without_a_bucket_a_folder_is_used():
    assert configured()["BACKEND"] == "django.core.files.storage.FileSystemStorage"


@pytest.mark.django_db
def test_a_picture_is_put_into_the_bucket_and_read_from_its_public_address(settings):
    with storage() as bucket:
        settings.STORAGES = {
            **settings.STORAGES,
            "default": configured(
                S3_BUCKET="pictures",
                S3_ENDPOINT=bucket.url,
                S3_REGION="eu-central-1",
                S3_PUBLIC_URL="https://cdn.example.org/newsletter",
                S3_ACCESS_KEY="key",
                S3_SECRET_KEY="secret",
            ),
        }
        image, _ = keep_picture(make_issue().newsletter, PNG, name="chart.png", alt="A chart")
        [(path, (_, headers))] = bucket.objects.items()
        assert path == f"/pictures/{image.file.name}"
        assert headers["content-type"] == "image/png"
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert address_of(image) == f"https://cdn.example.org/newsletter/{image.file.name}"
        # Another newsletter's is a file of its own.
        keep_picture(make_issue().newsletter, PNG, name="chart.png", alt="A chart")
        assert len(bucket.objects) == 2


def test_without_a_public_address_the_buckets_own_is_given(settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": configured(
            S3_BUCKET="pictures",
            S3_ENDPOINT="https://s3.example.org",
            S3_REGION="x",
            S3_ACCESS_KEY="k",
            S3_SECRET_KEY="s",
        ),
    }
    from django.core.files.storage import default_storage

    assert default_storage.url("images/a.png") == "https://s3.example.org/pictures/images/a.png"
