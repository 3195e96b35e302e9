"""What acts of the store leave behind about a person: sign-ups under way, address changes, remarks, imports, erasures."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower

from subscribers.models import AddressChange, Import, ImportedRow, Lifting, PendingSignUp, Remark, Subscriber
from subscribers.person.sections import Fact, Moment, Section, register


def register_traces() -> None:
    """Register the sections of what acts leave behind."""
    register(Section("sign_ups", "Sign-ups not confirmed", _sign_ups, _erase_sign_ups))
    register(
        Section(
            "address_changes",
            "Address changes",
            _address_changes,
            _erase_address_changes,
            moments=_moments_of_address_changes,
        )
    )
    register(Section("remarks", "Remarks on leaving", _remarks, _erase_remarks, moments=_moments_of_remarks))
    register(Section("imports", "Imports", _imports, _erase_imports))
    register(
        Section(
            "liftings",
            "Suppressions that were lifted",
            _liftings,
            _erase_liftings,
            moments=_moments_of_liftings,
        )
    )
    register(Section("erasures", "Erasure", _erasures))


def _sign_ups(subscriber: Subscriber) -> list[Fact]:
    rows = PendingSignUp.objects.filter(subscriber=subscriber).select_related("mailing_list").order_by("id")
    return [
        {
            "list": row.mailing_list.slug,
            "at": row.created_at,
            "chosen": row.chosen,
            "expires_at": row.expires_at,
        }
        for row in rows
    ]


def _erase_sign_ups(subscriber: Subscriber) -> None:
    PendingSignUp.objects.filter(subscriber=subscriber).delete()


def _address_changes(subscriber: Subscriber) -> list[Fact]:
    rows = AddressChange.objects.filter(subscriber=subscriber).order_by("id")
    return [
        {"asked_at": row.asked_at, "new_address": row.address, "confirmed_at": row.confirmed_at}
        for row in rows
    ]


def _moments_of_address_changes(changes: list[Fact]) -> Iterator[Moment]:
    for change in changes:
        yield Moment(change["asked_at"], "new address asked for", change["new_address"])
        if change["confirmed_at"]:
            yield Moment(change["confirmed_at"], "new address confirmed", change["new_address"])


def _erase_address_changes(subscriber: Subscriber) -> None:
    AddressChange.objects.filter(subscriber=subscriber).delete()


def _remarks(subscriber: Subscriber) -> list[Fact]:
    rows = Remark.objects.filter(subscriber=subscriber).select_related("mailing_list").order_by("id")
    return [{"at": row.at, "list": row.mailing_list.slug, "text": row.text} for row in rows]


def _moments_of_remarks(remarks: list[Fact]) -> Iterator[Moment]:
    for remark in remarks:
        yield Moment(remark["at"], "remark on leaving", remark["list"], remark["text"])


def _erase_remarks(subscriber: Subscriber) -> None:
    Remark.objects.filter(subscriber=subscriber).delete()


# The journal has no index by subscriber: it is looked up import by import through the primary key.
_JOURNAL = """
SELECT import.name, list.slug, row.at, row.is_new, row.subscribed, row.former
FROM subscribers_import import
JOIN subscribers_mailinglist list ON list.id = import.mailing_list_id
CROSS JOIN LATERAL (
    SELECT * FROM subscribers_importedrow
    WHERE imported_by_id = import.id AND subscriber_id = %s LIMIT 1
) row
ORDER BY import.id
"""


def _imports(subscriber: Subscriber) -> list[Fact]:
    with connection.cursor() as cursor:
        cursor.execute(_JOURNAL, [subscriber.pk])
        names = ("file", "list", "at", "new", "put_on_the_list", "values_before")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _erase_imports(subscriber: Subscriber) -> None:
    """With the journal goes the undoing: an import that is undone later leaves the person as they are."""
    ImportedRow.objects.filter(
        imported_by_id__in=list(Import.objects.values_list("pk", flat=True)), subscriber_id=subscriber.pk
    ).delete()


def _liftings_of(subscriber: Subscriber) -> QuerySet[Lifting]:
    return Lifting.objects.filter(address=Lower(Value(subscriber.email)))


def _liftings(subscriber: Subscriber) -> list[Fact]:
    return [
        {
            "at": row.at,
            "reason": row.reason,
            "suppressed_since": row.suppressed_at,
            "by": row.by,
            "because": row.because,
        }
        for row in _liftings_of(subscriber).order_by("id")
    ]


def _moments_of_liftings(liftings: list[Fact]) -> Iterator[Moment]:
    for lifting in liftings:
        because = f"{lifting['by']}: {lifting['because']}"
        yield Moment(lifting["suppressed_since"], "suppressed", lifting["reason"], "lifted since")
        yield Moment(lifting["at"], "suppression lifted", lifting["reason"], because)


def _erase_liftings(subscriber: Subscriber) -> None:
    """That it was lifted, when and by whom, stays; whose address it was goes."""
    _liftings_of(subscriber).update(address="", detail="", because="")


def _erasures(subscriber: Subscriber) -> list[Fact]:
    return [
        {
            "at": erasure.at,
            "by": erasure.by,
            "reason": erasure.reason,
            "kept": "a keyed hash of the address" if erasure.address_hash else "nothing of the address",
            "suppressed_for": erasure.suppressed_for,
            "came_back_at": erasure.ended_at,
        }
        for erasure in subscriber.erasures.order_by("id")
    ]
