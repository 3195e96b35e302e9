"""An edition for one recipient, made as SendGrid makes it: each key is found and replaced literally, once."""

import re
from collections.abc import Mapping
from typing import Any

from mailer.issues.builder.content import Edition, PersonalisedMail
from mailer.issues.builder.getters import compile_tags


def personalise(edition: Edition, recipient: Mapping[str, Any]) -> PersonalisedMail:
    """Return subject, preheader, HTML and text as this recipient sees them (web view, preview, tests).

    `recipient` is the mapping described in getters.py. All keys are replaced in one pass, so that a
    value that looks like another key stays as it is.
    """
    values = dict(compile_tags(edition.tags)(recipient))
    if not values:
        return PersonalisedMail(edition.subject, edition.preheader, edition.html, edition.text)
    keys = re.compile("|".join(re.escape(key) for key in values))

    def fill(text: str) -> str:
        return keys.sub(lambda found: values[found.group()], text)

    return PersonalisedMail(
        fill(edition.subject), fill(edition.preheader), fill(edition.html), fill(edition.text)
    )
