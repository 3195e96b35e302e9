"""A report as a page of the staff site."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse

from mailer.staff.page import page


def report_page(
    request: HttpRequest, template: str, title: str, shown: Mapping[str, Any]
) -> TemplateResponse:
    """Answer with a report in the site's frame.

    Args:
        template: of templates/staff/reports; it adds what can be done with the report on the site.
        title: of the page.
        shown: what the report's own template is given.
    """
    return page(request, f"staff/reports/{template}", title, frame="staff/reports/frame.html", **shown)


def not_counted(
    request: HttpRequest, title: str, *, says: str, count: str, back: str, back_to: str
) -> TemplateResponse:
    """Answer that there are no figures yet, with a button that counts them.

    Args:
        title: of the page.
        says: when they will be counted anyway.
        count: the address that counts.
        back: the address of what the report is about, and `back_to` its name.
    """
    template = "staff/reports/not_counted.html"
    return page(request, template, title, says=says, count=count, back=back, back_to=back_to)
