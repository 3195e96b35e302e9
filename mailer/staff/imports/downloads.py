"""The rows that an import, or its dry run, refused or flagged, as a file. Cells that a spreadsheet would run as formulas
were defused when they were kept."""

import tempfile

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from mailer.staff.access.needs import needs
from subscribers.importing.parts import lines_of
from subscribers.models import Import, ImportPartKind, ImportState


@require_safe
@needs("subscribers.view_import", Import)
def refused(request: HttpRequest, stored: Import) -> HttpResponseBase:
    """The rows that were refused, with line and reason: to be mended and imported again. 404 where there are none."""
    return _file(stored, ImportPartKind.REFUSED, ImportPartKind.WOULD_REFUSE, "refused")


@require_safe
@needs("subscribers.view_import", Import)
def flagged(request: HttpRequest, stored: Import) -> HttpResponseBase:
    """The addresses that look odd, with what may be meant. 404 where there are none."""
    return _file(stored, ImportPartKind.FLAGGED, ImportPartKind.WOULD_FLAG, "flagged")


def _file(stored: Import, kind: ImportPartKind, of_a_draft: ImportPartKind, what: str) -> HttpResponseBase:
    kind = of_a_draft if stored.state == ImportState.DRAFT else kind
    if not stored.parts.filter(kind=kind, number__gt=0).exists():
        raise Http404
    # On the disk, not in memory; and out of the database before it is answered, which another thread may do.
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the answer closes it
    file.writelines(lines_of(stored, kind))
    file.seek(0)
    name = f"import-{stored.pk}-{what}.csv"
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
