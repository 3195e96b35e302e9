"""What the builder's page sends, and how it is answered: JSON both ways."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import wraps
from typing import Any

from django.http import HttpResponseBase, JsonResponse

from mailer.issues.editing.document import Document, as_json
from mailer.issues.editing.locks import Locked
from mailer.issues.editing.read import UNKEPT, FieldError, Invalid
from mailer.issues.editing.save import Conflicting
from mailer.staff.body import NotUnderstood, text_in


def number(body: dict[str, Any], name: str) -> int:
    """A number of a request.

    Raises:
        NotUnderstood: it is none from 0 to 2,147,483,647.
    """
    value = body.get(name)
    if type(value) is not int or not 0 <= value < 2**31:
        raise NotUnderstood(f"{name} is no number: reload the page.")
    return value


def numbers(body: dict[str, Any], name: str) -> frozenset[int]:
    """The numbers of a request; none where it names none.

    Raises:
        NotUnderstood: they are no list of numbers.
    """
    values = body.get(name, [])
    if not isinstance(values, list) or not all(type(value) is int and 0 < value < 2**63 for value in values):
        raise NotUnderstood(f"{name} is no list of numbers: reload the page.")
    return frozenset(values)


def text(body: dict[str, Any], name: str, most: int) -> str:
    """A short text of a request, "" where there is none, cut off behind `most` characters; without what UTF-8 and
    PostgreSQL cannot hold."""
    return UNKEPT.sub("", text_in(body, name))[:most]


def answers_json(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view whose refusals are JSON: 400 not understood, 409 conflict, 422 invalid, 423 locked."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(*args, **kwargs)
        except NotUnderstood as error:
            return JsonResponse({"code": error.code, "message": str(error)}, status=400)
        except Conflicting as conflict:
            return JsonResponse(_conflict(conflict), status=409)
        except Invalid as error:
            return JsonResponse({"code": error.code, "errors": errors_json(error.errors)}, status=422)
        except Locked as error:
            return JsonResponse({"code": error.code, "message": str(error)}, status=423)

    return answer


def document_json(revision: int, document: Document) -> dict[str, Any]:
    """A document with the revision that it is."""
    return {"revision": revision, **as_json(document)}


def errors_json(errors: Iterable[FieldError]) -> list[dict[str, Any]]:
    """Errors of fields as the page marks them."""
    return [asdict(error) for error in errors]


def _conflict(conflict: Conflicting) -> dict[str, Any]:
    return {
        "code": conflict.code,
        "revision": conflict.revision,
        "by": conflict.by,
        "theirs": document_json(conflict.revision, conflict.theirs),
        "merged": document_json(conflict.revision, conflict.merged),
        "conflicts": [asdict(one) for one in conflict.conflicts],
    }
