"""A report as a file to save."""

from typing import Literal

from django.http import HttpResponse

Kind = Literal["html", "csv"]


def report_file(text: str, kind: Kind, name: str) -> HttpResponse:
    """The answer that a browser saves, under this name with its kind as the ending."""
    return HttpResponse(
        text,
        content_type=f"text/{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )
