"""Fragments of pages, and what is said where something cannot be shown."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from mailer.issues.builder.content import BuildError


def is_htmx(request: HttpRequest) -> bool:
    """Whether a fragment is asked for, and not a page."""
    return request.headers.get("HX-Request") == "true"


def fragment(request: HttpRequest, name: str, **shown: Any) -> HttpResponse:
    """A part of a page, from templates/staff/sending/."""
    return render(request, f"staff/sending/{name}.html", shown)


def reasons(error: Exception) -> list[str]:
    """Why something cannot be, in sentences."""
    if isinstance(error, BuildError):
        return [f"{problem.where}: {problem.message}" for problem in error.problems]
    return str(error).splitlines()


def trouble(request: HttpRequest, error: Exception, target: str) -> HttpResponse:
    """Say it beside what was shown before, which stays.

    Args:
        target: a CSS selector of where it is said.
    """
    answer = fragment(request, "trouble", reasons=reasons(error))
    answer.headers["HX-Retarget"] = target
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def say(request: HttpRequest, error: Exception) -> None:
    """Say it at the top of the next page."""
    messages.error(request, " ".join(reasons(error)))


def typed(given: QueryDict, name: str, longest: int) -> str:
    """What somebody typed into a field, without the one character that PostgreSQL does not keep."""
    return given.get(name, "").replace("\0", "")[:longest]
