"""The numbers of what a rule names."""

from difflib import get_close_matches

from django.db.models import Model

from subscribers.segments.errors import SegmentError

MOST_NAMED = 10


def number_of(model: type[Model], slug: str, place: str) -> int:
    """The primary key of what has this slug.

    Raises:
        SegmentError: there is none; the message says what there is.
    """
    objects = model._default_manager
    found: int | None = objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise no_such(
            str(model._meta.verbose_name), slug, list(objects.values_list("slug", flat=True)), place
        )
    return found


def no_such(what: str, name: str, there: list[str], place: str) -> SegmentError:
    """The error that says that a name is unknown, and which ones are known."""
    known = get_close_matches(name, there, n=3) or sorted(there)[:MOST_NAMED]
    hint = f"there are {', '.join(known)}" if known else "there is none yet"
    return SegmentError("unknown_name", place, f"there is no {what} {name!r}; {hint}")
