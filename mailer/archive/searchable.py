"""The text of an issue that is searched, and by which rules of which language."""

import re
from unicodedata import normalize

from mailer.issues.builder.script import written_as

CONFIGS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
"""PostgreSQL's text search configurations that each installation of it has, by language."""

# How the text part of a mail is laid out: builder/plaintext.py.
_RULE = re.compile(r"\n-{24}\n")
_LABELLED = re.compile(r"^[^\n:：]{0,120}[:：] (?:https?://|mailto:)\S+$", re.MULTILINE)
_NOTE = re.compile(r" ?\[\d{1,4}\](?: (?:https?://|mailto:)\S+)?")
_ADDRESS = re.compile(r"https?://\S+")
_GAPS = re.compile(r"\s*\n\s*\n\s*")


def config_of(language: str) -> str:
    """The configuration for a BCP 47 language; the plain one where PostgreSQL has none of its own."""
    return CONFIGS.get(written_as(language), "simple")


def searchable(text: str) -> str:
    """What people look for in the text part of a mail: all but its head, its foot and the addresses of its links."""
    _, _, below_head = text.partition("\n\n")
    parts = _RULE.split(below_head)
    body = "\n\n".join(parts[:-1] if len(parts) > 1 else parts)
    for address in (_LABELLED, _NOTE, _ADDRESS):
        body = address.sub("", body)
    return normalize("NFC", _GAPS.sub("\n\n", body).strip())


def excerpt(text: str, most: int = 200) -> str:
    """The beginning of a text, as one line.

    Args:
        most: characters.
    """
    line = " ".join(text[: 2 * most].split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
