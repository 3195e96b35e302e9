"""Documents for tests, as plain data."""

from datetime import date

from mailer.issues.editing.document import Document, DraftStory


def draft(*stories: DraftStory, **fields: object) -> Document:
    """A document with these stories."""
    return Document(**{"number": 1, "date": date(2026, 11, 30), "subject": "News", **fields}, stories=stories)


def story(key: int | str, **fields: object) -> DraftStory:
    """A story with a headline that tells it from others."""
    return DraftStory(**{"id": key, "headline": f"Story {key}", "body": "Text", **fields})
