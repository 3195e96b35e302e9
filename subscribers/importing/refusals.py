from dataclasses import dataclass
from enum import Enum


class Refusal(Enum):
    """Why a row is not imported: the words that stand in the file of refused rows."""

    NO_ADDRESS = "no email address"
    BAD_ADDRESS = "not an email address"
    TOO_MANY_CELLS = "more cells than the header has columns"
    UNREADABLE = "characters that cannot be read in the file's encoding"
    NUL = "a NUL character"
    TOO_LONG = "a line or a cell is too long"
    OPEN_QUOTE = "a quotation mark opens and is not closed"
    STATUS = "a status that is not known, so that it is not sure that they may get mail"
    ERASED = "the person had everything about them erased, or has another address now"


@dataclass(frozen=True)
class Refused:
    """A row that is not imported, and why; detail says more where there is more to say."""

    why: Refusal
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.why.value}: {self.detail}" if self.detail else self.why.value


class Note(Enum):
    """What was left out of a row that is imported. An ignored value counts as an empty cell."""

    LANGUAGE = "languages that are no language tag such as zh-Hans"
    TIME_ZONE = "time zones that are no IANA name such as Asia/Singapore"
    COUNTRY = "countries that are neither an ISO 3166 code nor a known English name"
    TOPIC = "topics that are not known here"
    NAME_TOO_LONG = "names of more than 200 characters"
    ATTRIBUTE_TOO_LONG = "attributes of more than 1,000 characters"
    ATTRIBUTE_BEYOND = "attributes beyond the 50th column of them"
    TYPE = "values that are not of the type that the mapping says"
    NO_OBJECT = "attributes that are no JSON object"
    CONTROL_CHARACTERS = "control and invisible characters, taken out of rows"
