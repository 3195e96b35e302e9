"""What a state means at a glance: the tone of its badge, as static/staff/parts.css colours it."""

from django import template
from django.utils.text import slugify

register = template.Library()

STATES = {
    "good": "sent done active accepted delivered opened-by-a-person clicked",
    "busy": "ready scheduled running sending undoing",
    "open": "draft waiting asked paused pending deferred unknown",
    "bad": "declined cancelled failed stopped rejected bounced blocked dropped complained bounce complaint",
}
"""The words of states by tone: of issues, sends and deliveries, of imports, subscriptions and suppressions."""
TONES = {state: tone for tone, states in STATES.items() for state in states.split()}


@register.filter
def tone(state: str) -> str:
    """The tone of a state, a class of its badge: good, busy (it goes on by itself), open (something is awaited) or bad;
    "" where a state is none of these."""
    return TONES.get(slugify(state), "")
