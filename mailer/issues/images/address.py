"""Where a picture is found: mail has no page to start from, so the address is a whole one."""

from django.conf import settings

from mailer.issues.models import Image


def address_of(image: Image) -> str:
    """Absolute: in the bucket, or at this site."""
    url = image.file.url
    return url if url.startswith(("https://", "http://")) else f"{settings.PUBLIC_URL}{url}"
