"""The settings of a sign-up form, as somebody types them, checked together and saved together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import QueryDict

from subscribers.importing.columns import attribute_key
from subscribers.models import Asked, MailingList
from subscribers.sign_up.fields import FieldType
from subscribers.sign_up.settings import problems_of
from subscribers.sign_up.wording import current_wording, reword

BLANK = {"key": "", "label": "", "type": FieldType.TEXT.value, "required": False, "choices": ""}
"""A field of its own that is still to be filled in."""
COLUMNS = (
    "sign_up_open",
    "sign_up_intro",
    "sign_up_asks",
    "sign_up_fields",
    "sign_up_next",
    "confirmed_next",
)
LONGEST_INTRO = 2_000
LONGEST_WORDING = 5_000
"""Characters."""


@dataclass(frozen=True)
class Settings:
    """A form's settings, by their names in MailingList, and the wording of the consent."""

    values: Mapping[str, Any]
    wording: str
    own: tuple[dict[str, Any], ...] = field(default=())

    @property
    def origins(self) -> str:
        """One a line, as the page shows them."""
        return "\n".join(self.values["sign_up_origins"])


def settings_of(mailing_list: MailingList) -> Settings:
    """Those that are saved."""
    current = current_wording(mailing_list)
    values = {name: getattr(mailing_list, name) for name in (*COLUMNS, "sign_up_origins")}
    return Settings(values, current.text if current else "", tuple(map(_shown, values["sign_up_fields"])))


def posted_settings(posted: QueryDict) -> Settings:
    """Those that somebody typed; nothing is checked yet. Rows of fields without a key and a label are none."""
    columns = [posted.getlist(f"own_{name}") for name in BLANK]
    rows = [dict(zip(BLANK, cells, strict=True)) for cells in zip(*columns, strict=False)]
    typed = [row for row in rows if row["key"].strip() or row["label"].strip()]
    values: dict[str, Any] = {
        "sign_up_open": posted.get("sign_up_open") == "yes",
        "sign_up_intro": posted.get("sign_up_intro", "").strip()[:LONGEST_INTRO],
        "sign_up_asks": [asked for asked in Asked.values if asked in posted.getlist("sign_up_asks")],
        "sign_up_fields": [_field(row) for row in typed],
        "sign_up_next": _address(posted.get("sign_up_next", "")),
        "confirmed_next": _address(posted.get("confirmed_next", "")),
        "sign_up_origins": [
            line for each in posted.get("sign_up_origins", "").splitlines() if (line := each.strip())
        ],
    }
    wording = posted.get("wording", "").strip()[:LONGEST_WORDING]
    return Settings(values, wording, tuple(map(_shown, values["sign_up_fields"])))


def wrong_with(settings: Settings) -> dict[str, list[str]]:
    """What is wrong, by the name of the setting; empty when nothing is."""
    texts = [settings.wording, str(settings.values)]
    if any("\x00" in text or "\\x00" in text for text in texts):
        return {"wording": ["A text holds a character that cannot be kept (NUL). Type it anew."]}
    return problems_of(MailingList(**settings.values), settings.wording)


@transaction.atomic
def save(mailing_list: MailingList, settings: Settings) -> list[str]:
    """Save settings that are right. A changed wording becomes the next version.

    Returns: the names of what changed; `wording` among them.
    """
    before = settings_of(mailing_list)
    changed = [name for name, value in settings.values.items() if before.values[name] != value]
    for name in changed:
        setattr(mailing_list, name, settings.values[name])
    if changed:
        mailing_list.save(update_fields=changed)
    if settings.wording and "\n".join(settings.wording.splitlines()) != before.wording:
        reword(mailing_list, settings.wording)
        changed.append("wording")
    return changed


def _field(row: Mapping[str, str]) -> dict[str, Any]:
    label = row["label"].strip()
    found: dict[str, Any] = {
        "key": row["key"].strip() or attribute_key(label),
        "label": label,
        "type": row["type"],
        "required": row["required"] == "yes",
    }
    if row["type"] == FieldType.CHOICE:
        found["choices"] = _choices(row["choices"].split(","))
    return found


def _choices(typed: Iterable[str]) -> list[str]:
    return [choice for each in typed if (choice := each.strip())]


def _shown(own: Mapping[str, Any]) -> dict[str, Any]:
    return {**BLANK, **own, "choices": ", ".join(own.get("choices", ()))}


def _address(typed: str) -> str:
    typed = typed.strip()
    return f"https://{typed}" if typed and "://" not in typed else typed
