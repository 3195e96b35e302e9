"""What others may want to know of the store; they connect, the store does not call them by name."""

from django.dispatch import Signal

left = Signal()
"""Somebody left a list. Sent with `mailing_list_id`, `subscriber_id` and `origin` (see tokens.make), once."""
