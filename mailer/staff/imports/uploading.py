"""Uploading a file, or an archive of several. Each table in it becomes an import that is not confirmed yet."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.audit import ADDITION, record
from mailer.staff.imports.shown import waiting_drafts
from mailer.staff.page import page
from subscribers.importing import CannotImport
from subscribers.importing.archive import TABLES, is_archive, unpacked
from subscribers.importing.draft import take_up
from subscribers.importing.workbook import Allowance
from subscribers.models import Import, MailingList

RIGHT = "subscribers.import_subscriber"
MOST_BYTES = 500_000_000
"""Of a file: some five million rows as CSV."""
MOST_OF_A_WORKBOOK = 15_000_000
"""Bytes. A workbook is unpacked row by row while somebody waits."""
MOST_STEPS = 30_000_000
"""Of all workbooks that are uploaded at once, see workbook.Allowance: six million cells, more than one of 15 MB usually has."""
WORKBOOKS = (".xlsx", ".xlsm")
SUFFIXES = (*TABLES, ".zip")


class UploadForm(forms.Form):
    """A file and the list it is for; of a workbook which sheet, where it is not the first."""

    file = forms.FileField(
        allow_empty_file=True,  # it is told in words of its own that an empty one is
        max_length=255,
        error_messages={"required": "Choose a file: a CSV file, a workbook (.xlsx) or a .zip of them."},
    )
    mailing_list = forms.ModelChoiceField(
        MailingList.objects.all(), error_messages={"required": "Choose the list that these people come on."}
    )
    sheet = forms.CharField(max_length=100, required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lists = lists_of(user)
        chooser: Any = self.fields["mailing_list"]
        chooser.queryset = self.lists

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        suffix = Path(str(file.name)).suffix.lower()
        if suffix not in SUFFIXES:
            raise forms.ValidationError(
                f"{file.name} is none of the files that can be imported: {', '.join(SUFFIXES)}. Old workbooks (.xls) and "
                "those of other programs: save them as CSV (UTF-8)."
            )
        return file


def lists_of(user: Any) -> Any:
    """The lists that somebody may import to."""
    return visible(user, RIGHT, MailingList.objects.all())


class _Limit(FileUploadHandler):
    """Nothing of a request that is too large comes to the disk."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        self.is_too_large = content_length > MOST_BYTES

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None if self.is_too_large else raw_data

    def file_complete(self, file_size: int) -> None:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt  # checked in `_upload`: looking for the token reads the whole request, which is limited before
@needs(RIGHT)
def new(request: HttpRequest) -> HttpResponse:
    """The first step: choose a file and a list."""
    request.upload_handlers = [_Limit(request), TemporaryFileUploadHandler(request)]
    return _upload(request)


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponse:
    posted = request.method == "POST"
    chosen = {"mailing_list": request.GET.get("list")}
    form = UploadForm(
        request.POST if posted else None, request.FILES if posted else None, initial=chosen, user=request.user
    )
    if posted and int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        form.errors.clear()
        form.add_error(
            "file",
            f"A file may have {MOST_BYTES // 1_000_000} MB. Cut it in parts that each begin with the header line, or zip it.",
        )
    elif posted and form.is_valid():
        try:
            drafts = _take_in(request, **form.cleaned_data)
        except CannotImport as error:
            form.add_error("file", str(error))
        else:
            for draft in drafts:
                said = f"Uploaded {draft.name} ({draft.size:,} bytes) to be imported to {draft.mailing_list.name}."
                record(request.user, draft, said, ADDITION)
            return redirect("staff:import-columns", drafts[0].pk)
    return page(
        request,
        "staff/imports/new.html",
        "Import subscribers",
        status=422 if posted else 200,
        form=form,
        suffixes=",".join(SUFFIXES),
        most=MOST_BYTES,
        most_mb=MOST_BYTES // 1_000_000,
        workbook_mb=MOST_OF_A_WORKBOOK // 1_000_000,
        drafts=waiting_drafts(request.user),
    )


def _take_in(
    request: HttpRequest, *, file: "UploadedFile[Any]", mailing_list: MailingList, sheet: str
) -> list[Import]:
    """The tables in a file as drafts.

    Raises:
        CannotImport: one of them cannot be imported; then none is kept.
    """
    name = str(file.name)
    allowed = Allowance(MOST_STEPS, MOST_BYTES)
    with TemporaryDirectory() as folder:
        # Under a name of our own: theirs may be too long for a disk.
        place = Path(folder) / f"file{Path(name).suffix.lower()}"
        with place.open("wb") as kept:
            kept.writelines(file.chunks())
        if place.suffix == ".zip" and not is_archive(place):
            raise CannotImport("bad_archive", f"{name} is no zip archive, or it is damaged.")
        if place.suffix != ".zip":
            return [_take_up(request, place, name, mailing_list, allowed, sheet)]
        with unpacked(place, name) as tables:
            drafts: list[Import] = []
            try:
                drafts.extend(
                    _take_up(request, table, called, mailing_list, allowed) for table, called in tables
                )
            except CannotImport:
                Import.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()
                raise
            return drafts


def _take_up(
    request: HttpRequest,
    place: Path,
    name: str,
    mailing_list: MailingList,
    allowed: Allowance,
    sheet: str = "",
) -> Import:
    if place.suffix in WORKBOOKS and place.stat().st_size > MOST_OF_A_WORKBOOK:
        raise CannotImport(
            "workbook_too_large",
            f"{name} is larger than a workbook may be: {MOST_OF_A_WORKBOOK // 1_000_000} MB. Save the sheet as CSV "
            f"(UTF-8), which may have {MOST_BYTES // 1_000_000} MB.",
        )
    try:
        return take_up(
            place, name, mailing_list, by=request.user.get_username(), sheet=sheet, allowed=allowed
        )
    except CannotImport as error:
        # Where it lies for a moment is nothing that anybody wants to read.
        raise CannotImport(error.code, str(error).replace(str(place), name)) from error
