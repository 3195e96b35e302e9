"""Users of the site, as the pages call them."""

from django import template

from mailer.issues.editing.who import name_of

register = template.Library()
register.filter("named", name_of)
