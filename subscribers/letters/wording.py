"""What each kind of letter says, in the language spoken now (see subscribers/language.py).

No letter names its reader: whoever types an address into a form can type a name beside it, and must not have it mailed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from subscribers.models import LetterKind


@dataclass(frozen=True)
class Words:
    """A letter's text: `lead` comes before the link, the notes after it. All of it is plain text.

    `action` says what the link does; "" in a letter without one.
    """

    subject: str
    lead: str
    action: str
    notes: tuple[str, ...]


def words_for(kind: LetterKind, name: str, lasts: timedelta | None) -> Words:
    """The words of a letter.

    Args:
        name: of the newsletter.
        lasts: for how long its link works; None for a link that stays good, or whose end others decide.
    """
    words = _WORDS[kind](name)
    return (
        words
        if lasts is None
        else Words(words.subject, words.lead, words.action, (_lasts(lasts), *words.notes))
    )


def _lasts(lasts: timedelta) -> str:
    # A letter takes a moment to leave: seven days less some seconds are seven days.
    days = (lasts + timedelta(hours=1)).days
    if days < 1:
        return _("The link works for a few hours.")
    return ngettext("The link works for one day.", "The link works for %(days)d days.", days) % {"days": days}


def _confirm(name: str) -> Words:
    return Words(
        _("Please confirm your subscription to %(name)s") % {"name": name},
        _("You signed up for %(name)s with this address. Please confirm that you want it:") % {"name": name},
        _("Confirm my subscription"),
        (_("If it was not you, do nothing: you are not subscribed without it."),),
    )


def _already(name: str) -> Words:
    return Words(
        _("You are already subscribed to %(name)s") % {"name": name},
        _(
            "Somebody signed up for %(name)s with this address, most likely you. It is on the list already, so there is nothing to do."
        )
        % {"name": name},
        _("See my preferences"),
        (_("If it was not you, do nothing: nothing has changed."),),
    )


def _address(name: str) -> Words:
    return Words(
        _("Please confirm your new address"),
        _("You asked to get %(name)s at this address from now on. Please confirm that it is yours:")
        % {"name": name},
        _("Confirm this address"),
        (
            _("Until then everything stays as it was."),
            _("If it was not you, do nothing: nothing has changed."),
        ),
    )


def _moved(name: str) -> Words:
    return Words(
        _("%(name)s goes to your new address") % {"name": name},
        _(
            "You changed your address, so from now on %(name)s goes to the new one. This is the last mail to this one."
        )
        % {"name": name},
        "",
        (_("If it was not you, reply to this mail."),),
    )


def _link(name: str) -> Words:
    return Words(
        _("Your preferences for %(name)s") % {"name": name},
        _("Here you choose what you get and how often, or leave:"),
        _("See my preferences"),
        (_yours_alone(), _("If you did not ask for it, do nothing.")),
    )


def _export(name: str) -> Words:
    return Words(
        _("What %(name)s holds on you") % {"name": name},
        _("You asked for all that is held on you. Here you can read it and take it along:"),
        _("See my data"),
        (_yours_alone(), _("If you did not ask for it, do nothing.")),
    )


def _erase(name: str) -> Words:
    return Words(
        _("Please confirm that your data shall be erased"),
        _(
            "You asked that all that %(name)s holds on you be erased. It cannot be undone, so the page asks once more:"
        )
        % {"name": name},
        _("Erase my data"),
        (_("If you did not ask for it, do nothing: nothing is erased."),),
    )


def _yours_alone() -> str:
    return _("The link is yours alone: whoever has it sees what you see. Please do not pass it on.")


_WORDS: dict[LetterKind, Callable[[str], Words]] = {
    LetterKind.CONFIRM: _confirm,
    LetterKind.ALREADY: _already,
    LetterKind.ADDRESS: _address,
    LetterKind.MOVED: _moved,
    LetterKind.LINK: _link,
    LetterKind.EXPORT: _export,
    LetterKind.ERASE: _erase,
}
