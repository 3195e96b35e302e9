"""Serve pictures that lie in a folder. Those in a bucket are served by it.

Only files that a picture's row names are served, as the type that they were written as. Programs that take them for
something else are told not to, and no script in one would run (CSP).
"""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from mailer.issues.models import Image

TYPES = {"jpg": "image/jpeg", "png": "image/png"}
HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # mail is read on other sites
    "X-Content-Type-Options": "nosniff",
}


@require_safe
def picture(request: HttpRequest, name: str) -> FileResponse:
    """Answer with one picture; 404 for any other file."""
    media_type = TYPES.get(name.rpartition(".")[2])
    if media_type is None or "\0" in name or not Image.objects.filter(file=name).exists():
        raise Http404
    try:
        file = default_storage.open(name)
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(file, content_type=media_type, headers=HEADERS)
