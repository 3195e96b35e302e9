"""Conditions of segments on what people did with issues; the store knows nothing of issues, so they are registered."""

from mailer.tracking.engagement.acts import DELIVERED, OPENED, SENT
from mailer.tracking.engagement.clicks import CLICKED
from mailer.tracking.engagement.score import SCORE
from subscribers import segments


def register() -> None:
    """Let the rules of segments hold these conditions."""
    segments.register(SENT, DELIVERED, OPENED, CLICKED, SCORE)
