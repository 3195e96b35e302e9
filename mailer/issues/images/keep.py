"""Keep a picture: once per newsletter, in the storage that the settings name."""

from hashlib import sha256
from pathlib import PurePath
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from mailer.issues.images.encode import Encoded, ImageError, encode
from mailer.issues.models import Image, Newsletter

log = structlog.get_logger()

LONGEST_ALT = 300
LONGEST_NAME = 200


def keep_picture(
    newsletter: Newsletter, content: bytes, *, name: str, alt: str = "", by: Any = None, smallest: int = 1
) -> tuple[Image, bool]:
    """Write a picture anew and keep it with a newsletter.

    Args:
        content: as it was uploaded or fetched.
        name: of the file, as whoever gave it calls it.
        alt: what it shows; may be empty only where nobody was there to say it.
        by: the user who gave it, if any.
        smallest: pixels that it must have in width and height.
    Returns: the picture, and whether it is new. One that looks the same to the last bit is kept already: that one then,
        and it gets the alt text where it had none.
    Raises:
        ImageError: it is none that can be kept.
    """
    encoded = encode(content)
    if min(encoded.width, encoded.height) < smallest:
        raise ImageError("small", f"The picture is smaller than {smallest} × {smallest} pixels.")
    digest = sha256(encoded.content).hexdigest()
    kept = _kept(newsletter, digest, alt)
    if kept is not None:
        return kept, False
    image = Image(
        newsletter=newsletter,
        name=_name_of(name, encoded),
        alt=alt[:LONGEST_ALT],
        width=encoded.width,
        height=encoded.height,
        size=len(encoded.content),
        sha256=digest,
        by=by,
    )
    # Nobody who does not know a picture can guess its address.
    _store(image, f"{digest[:40]}.{encoded.extension}", encoded.content)
    try:
        with transaction.atomic():
            image.save()
    except IntegrityError:  # somebody else keeps the same at this moment
        image.file.delete(save=False)
        kept = _kept(newsletter, digest, alt)
        if kept is None:
            raise
        return kept, False
    return image, True


def _store(image: Image, name: str, content: bytes) -> None:
    try:
        image.file.save(name, ContentFile(content), save=False)
    except Exception as error:  # each kind of storage has errors of its own
        log.error("picture_not_stored", error=type(error).__name__)
        raise ImageError(
            "storage",
            "The picture could not be stored. Somebody has to look at MEDIA_ROOT, or at the bucket that S3_BUCKET names.",
        ) from error


def _kept(newsletter: Newsletter, digest: str, alt: str) -> Image | None:
    image = Image.objects.filter(newsletter=newsletter, sha256=digest).first()
    if image is not None and alt and not image.alt:
        image.alt = alt[:LONGEST_ALT]
        image.save(update_fields=["alt"])
    return image


def _name_of(name: str, encoded: Encoded) -> str:
    """The last part of a path or address, without what is not printable."""
    last = PurePath(name.replace("\\", "/")).name
    shown = "".join(letter for letter in last if letter.isprintable()).strip()
    return shown[-LONGEST_NAME:] or f"picture.{encoded.extension}"
