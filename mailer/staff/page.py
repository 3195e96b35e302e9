"""A page of the staff site that is none of a model's."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse


def page(
    request: HttpRequest, template: str, title: str, *, status: int = 200, **shown: Any
) -> TemplateResponse:
    """Answer with a template that extends staff/page.html.

    Args:
        title: of the page; shown in its head and in the browser's tab.
        shown: what the template is given besides what every page of the site has.
    """
    context = {**admin.site.each_context(request), "title": title, **shown}
    return TemplateResponse(request, template, context, status=status)
