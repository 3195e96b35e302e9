"""The audit log: who did what to what, and when. Django's own history of the admin, which all acts are written to."""

from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

__all__ = ["ADDITION", "CHANGE", "DELETION", "record"]


def record(user: Any, about: Model | type[Model], said: str, kind: int = CHANGE) -> None:
    """Write down an act.

    Args:
        user: who did it.
        about: what it was done to, or what kind of thing where it was done to many. Of something that is deleted,
            call this before, in one transaction with the act.
        said: what was done, as a sentence: "Asked for approval."
        kind: ADDITION, CHANGE or DELETION.
    """
    one = isinstance(about, Model)
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(about, for_concrete_model=False),
        object_id=str(about.pk) if one else None,
        object_repr=str(about if one else about._meta.verbose_name_plural)[:200],
        action_flag=kind,
        change_message=said,
    )
