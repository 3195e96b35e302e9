"""Dates in the language of the page."""

from django import template

from subscribers.language import written

register = template.Library()
register.filter(written)
