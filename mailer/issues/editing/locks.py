"""Whether an issue may still be edited: who knows of sends tells, and is asked here."""

from collections.abc import Callable

from mailer.issues.models import Issue

Question = Callable[[Issue], str | None]
_QUESTIONS: list[Question] = []


class Locked(Exception):
    """An issue that may be edited no more; the message says why, and what to do."""

    code = "locked"


def register(question: Question) -> None:
    """Ask this one too from now on.

    Args:
        question: gives the reason why an issue may not be edited, for editors to read, or None.
    """
    if question not in _QUESTIONS:
        _QUESTIONS.append(question)


def why_locked(issue: Issue) -> str | None:
    """Why an issue may not be edited, or None where it may."""
    return next((reason for question in _QUESTIONS if (reason := question(issue))), None)
