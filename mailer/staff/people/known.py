"""What of all that is known of a person somebody may see: what is about the person, and of mailing lists their own.

Whoever has a right over people at one newsletter learns nothing of what else they are subscribed to.
"""

from collections.abc import Collection
from typing import Any

from mailer.delivery.models import Send
from mailer.staff.access.scope import lists_where, visible
from mailer.staff.people.finding import RIGHT
from subscribers.models import MailingList, Subscriber
from subscribers.person.sections import Fact, facts_of

OF_LISTS = ("subscriptions", "consent", "sign_ups", "remarks", "imports")
"""Sections each of whose facts names its mailing list."""
OF_THE_PERSON = ("profile", "suppressions", "address_changes", "erasures")
"""Sections that say nothing of lists."""

Facts = dict[str, list[Fact]]


def facts_for(user: Any, person: Subscriber, *, without: Collection[str] = ()) -> Facts:
    """The facts of each section that somebody may see, by its name; see sections.facts_of.

    A section that nobody thought of here is left out for who may not see everybody.
    """
    facts = facts_of(person, without=without)
    lists = lists_where(user, RIGHT)
    if lists is None:
        return facts
    seen = MailingList.objects.filter(pk__in=lists)
    slugs, names = set(seen.values_list("slug", flat=True)), set(seen.values_list("name", flat=True))
    kept: Facts = {name: facts[name] for name in OF_THE_PERSON if name in facts}
    for name in OF_LISTS:
        kept[name] = [fact for fact in facts.get(name, []) if fact["list"] in slugs]
    kept["preferences"] = [_of_lists(fact, slugs) for fact in facts.get("preferences", [])]
    kept["letters"] = [fact for fact in facts.get("letters", []) if fact["in_the_name_of"] in names]
    sends = visible(user, "delivery.view_send", Send.objects.all())
    theirs = set(
        sends.filter(pk__in=[fact["send"] for fact in facts.get("issues", [])]).values_list("pk", flat=True)
    )
    kept["issues"] = [fact for fact in facts.get("issues", []) if fact["send"] in theirs]
    return kept


def _of_lists(preferences: Fact, slugs: Collection[str]) -> Fact:
    """Preferences with what they say of these lists alone."""
    return {
        name: {slug: each for slug, each in value.items() if slug in slugs}
        if isinstance(value, dict)
        else value
        for name, value in preferences.items()
    }
