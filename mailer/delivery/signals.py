"""What others may want to know of sends; they connect, delivery does not call them by name."""

from django.dispatch import Signal

planned = Signal()
"""A send to a list was planned. Sent with `send` and `variants` (the issue in each of its variants, with all of its
stories), once, in the transaction of the plan: what its readers get is built from these."""
