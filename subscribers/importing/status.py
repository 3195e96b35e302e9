"""What a file says of somebody's standing on its list, in its own words. What it does not know is not guessed."""

from enum import IntEnum

BY_IMPORT = "import "
"""What the detail of a suppression begins with that an import made."""


class Standing(IntEnum):
    """How somebody stands on a list. From UNSUBSCRIBED on they left or must get nothing, and never become active."""

    ACTIVE = 0
    PENDING = 1
    UNSUBSCRIBED = 2
    MANUAL = 3
    INVALID = 4
    BOUNCE = 5
    COMPLAINT = 6

    @property
    def suppression(self) -> str:
        """The reason (SuppressionReason) for which the address is suppressed; empty for none."""
        return self.name.lower() if self > Standing.UNSUBSCRIBED else ""


_WORDS = {
    Standing.ACTIVE: "active, subscribed, enabled, confirmed, opted in, opt-in, angemeldet, aktiv, abonné, activo",
    Standing.PENDING: "pending, unconfirmed, not confirmed, opt-in pending",
    Standing.UNSUBSCRIBED: (
        "unsubscribed, unsubscribe, unsub, non-subscribed, not subscribed, opted out, opt-out, cancelled, canceled, "
        "inactive, disabled, suspended, left, removed, deleted, archived, abgemeldet, désabonné, desuscrito"
    ),
    Standing.MANUAL: "blocklisted, blacklisted, blocked, suppressed, do not email, do not mail, do not contact",
    Standing.INVALID: "invalid",
    Standing.BOUNCE: "cleaned, bounced, bounce, hard bounce, hard bounced",
    Standing.COMPLAINT: "complained, complaint, spam, spam complaint, spam report, abuse, marked as spam",
}


def plain(word: str) -> str:
    """The word without case and punctuation."""
    return "".join(letter for letter in word.casefold() if letter.isalnum())


STANDINGS = {plain(word): standing for standing, words in _WORDS.items() for word in words.split(", ")}


def standing(word: str) -> Standing | None:
    """`Unsubscribed` is UNSUBSCRIBED. None for a word that is not known."""
    return STANDINGS.get(plain(word))


def disabled(word: str) -> Standing | None:
    """For columns that say whether mail is switched off for somebody: `true` is UNSUBSCRIBED."""
    return _DISABLED.get(plain(word))


_DISABLED = {
    **dict.fromkeys(("true", "yes", "1", "t", "y"), Standing.UNSUBSCRIBED),
    **dict.fromkeys(("false", "no", "0", "f", "n"), Standing.ACTIVE),
}
