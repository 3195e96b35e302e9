"""Filters that write figures on pages."""

from django import template

from mailer.tracking import wording

register = template.Library()
register.filter("people", wording.people)
register.filter("percent", wording.percent)
register.filter("moment", wording.moment)
register.filter("for_nobody", wording.for_nobody)


@register.filter
def share_of(part: int, whole: int) -> str:
    """What share of the whole a part is, in per cent."""
    return wording.percent(part / whole if whole else None)
