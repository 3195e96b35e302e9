"""The API key, held so that it shows in no repr, log line, or traceback, even one that prints local variables."""

import re
from typing import NoReturn

from mailer.sendgrid.errors import ConfigurationError

_USABLE = re.compile(r"[\x21-\x7e]{1,500}")


class Secret:
    """A string that shows itself to nobody but the caller of `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def check(self) -> None:
        """Raise ConfigurationError (`bad_key`) for a value that cannot stand in an HTTP header.

        Apart from the constructor, so that no caller has the bare value in its frame when this raises.
        """
        if not _USABLE.fullmatch(self._value):
            raise ConfigurationError(
                "bad_key",
                "SENDGRID_API_KEY is empty, longer than 500 characters, or holds a space, a line break or a character "
                "outside ASCII: copy the key again; it looks like SG.xxxx.yyyy",
            )

    def reveal(self) -> str:
        """The value itself. Do not bind it to a name: a traceback with local variables would print it."""
        return self._value

    def __repr__(self) -> str:
        return "<hidden>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not serialised")
