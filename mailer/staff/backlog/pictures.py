"""The pictures of a newsletter, for the builder: upload one, list them."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_http_methods

from mailer.issues.images.address import address_of
from mailer.issues.images.encode import ImageError
from mailer.issues.images.keep import LONGEST_ALT, keep_picture
from mailer.issues.models import Image, Newsletter
from mailer.staff.access.needs import needs
from mailer.staff.audit import ADDITION, record
from mailer.staff.backlog.stories import read

MOST = 200
"""Pictures in the list, the newest ones."""


@require_http_methods(["GET", "HEAD", "POST"])
@needs("issues.view_image", Newsletter)
def pictures(request: HttpRequest, newsletter: Newsletter) -> JsonResponse:
    """GET: the newest pictures. POST of a form with `file` and `alt`: 201 and the picture; 422 {"message"} where it is none.

    The alt text may come later, while somebody writes: the lint asks for it before a send.
    """
    if request.method != "POST":
        newest = newsletter.images.order_by("-id")[:MOST]
        return JsonResponse([_shown(image) for image in newest], safe=False)
    if not request.user.has_perm("issues.add_image", newsletter):
        raise PermissionDenied
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"code": "empty", "message": "No file came along: choose one."}, status=422)
    alt = request.POST.get("alt", "").replace("\x00", "").strip()[:LONGEST_ALT]
    try:
        image, new = keep_picture(newsletter, read(file), name=file.name or "", alt=alt, by=request.user)
    except ImageError as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=422)
    if new:
        record(request.user, image, "Uploaded it.", ADDITION)
    # Somebody may say something else of the same picture in another story.
    return JsonResponse({**_shown(image), **({"alt": alt} if alt else {})}, status=201)


def _shown(image: Image) -> dict[str, Any]:
    return {
        "id": image.pk,
        "url": address_of(image),
        "name": image.name,
        "alt": image.alt,
        "width": image.width,
        "height": image.height,
        "size": image.size,
    }
