"""Checks the personalizations of a request and names what is wrong with which of them."""

import re
from functools import lru_cache
from typing import Any

import orjson

from mailer.emulator import limits
from mailer.emulator.limits import ADDRESS, FieldError, WrongType, refused
from mailer.emulator.plain_requests import plain_addresses

ORDINARY_NAME = re.compile(r"[^;,\r\n]*")
ROLES = ("to", "cc", "bcc")
INVALID_ADDRESS = "Does not contain a valid address."
NAME_RULE = "The name of an address cannot contain the characters ; or ,."
TO_REQUIRED = (
    "The to array is required for all personalization objects, and must have at least one email object "
    "with a valid email address."
)
SEND_AT_TYPE = (
    "The send_at parameter is expecting a UNIX timestamp as an integer. We will send immediately if you "
    "include a send_at timestamp that is in the past."
)
SEND_AT_RANGE = "Scheduling more than 72 hours in advance is forbidden."
SUBJECT_EMPTY = "The subject of your email must be a string at least one character in length."


def check_address(person: object, field: str) -> list[FieldError]:
    """The errors of one `{"email", "name"}` object that stands at `field`. Raises WrongType."""
    if type(person) is not dict:
        raise WrongType
    email = person.get("email")
    name = person.get("name")
    if type(email) is not str or not (name is None or type(name) is str):
        if email is None:
            return [refused(field, INVALID_ADDRESS)]
        raise WrongType
    errors = []
    if len(email) > limits.ADDRESS_CHARACTERS:
        errors.append(refused(f"{field}.email", "The email address cannot be longer than 320 characters."))
    elif not ADDRESS.fullmatch(email):
        errors.append(refused(f"{field}.email", INVALID_ADDRESS))
    if name and not ORDINARY_NAME.fullmatch(name):
        errors.append(refused(f"{field}.name", NAME_RULE))
    return errors


def check_headers(headers: object, field: str) -> list[FieldError]:
    """The errors of a `headers` object that stands at `field`. Raises WrongType."""
    if type(headers) is not dict:
        raise WrongType
    if not headers:
        return [refused(field, "The headers object cannot be empty.")]
    joined = _joined(headers)
    errors = [refused(f"{field}.{name}", message) for name, message in _header_names(tuple(headers))]
    if "\r" in joined or "\n" in joined or "" in headers.values():
        for name, value in headers.items():
            if not value:
                message = "The header value must be a string at least one character long."
                errors.append(refused(f"{field}.{name}", message))
            elif "\r" in value or "\n" in value:
                errors.append(refused(f"{field}.{name}", "The header value cannot contain CRLF characters."))
    return errors


@lru_cache(maxsize=1024)
def _header_names(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What is wrong with these header names. A thousand recipients have the same ones: told once."""
    errors = []
    seen = set()
    for name in names:
        lower = name.lower()
        if lower in limits.RESERVED_HEADERS:
            errors.append((name, f"Header cannot be one of the reserved keys: {name}."))
        elif lower in seen:
            errors.append((name, "The headers cannot contain duplicate keys."))
        elif not name or any(not "!" <= letter <= "~" or letter == ":" for letter in name):
            errors.append((name, "Header keys cannot contain non-ASCII characters and empty spaces."))
        seen.add(lower)
    return tuple(errors)


def _joined(values: dict[str, Any]) -> str:
    """All values in a row: in C, and it fails on the first that is no string. Raises WrongType."""
    try:
        return "".join(values.values())
    except TypeError:
        raise WrongType from None


def check_custom_args(args: object, shared: dict[str, Any], field: str) -> list[FieldError]:
    """The errors of a `custom_args` object with the message's own (`shared`) merged in. Raises WrongType."""
    if type(args) is not dict:
        raise WrongType
    if not args:
        return [refused(field, "custom_args cannot be empty.")]
    _joined(args)
    if len(orjson.dumps({**shared, **args} if shared else args)) > limits.CUSTOM_ARGS_BYTES:
        message = (
            "The combined size of both global and personalization custom arguments may not exceed "
            "10,000 bytes per personalization."
        )
        return [refused(field, message)]
    return []


def check_send_at(value: object, field: str, now: float) -> list[FieldError]:
    """The errors of a `send_at` in unix seconds; `now` likewise. A moment in the past is sent at once."""
    if type(value) is not int:
        return [refused(field, SEND_AT_TYPE)]
    if value > now + limits.SEND_AT_SECONDS:
        return [refused(field, SEND_AT_RANGE)]
    return []


def _check_substitutions(substitutions: object, field: str) -> list[FieldError]:
    if type(substitutions) is not dict:
        raise WrongType
    _joined(substitutions)
    if len(substitutions) > limits.SUBSTITUTION_ITEMS:
        return [refused(field, "Substitutions are limited to 150 items per personalization block.")]
    if len(orjson.dumps(substitutions)) > limits.SUBSTITUTION_BYTES:
        return [refused(field, "The substitutions of a personalization may not exceed 10,000 bytes.")]
    return []


def check_personalizations(
    items: object, shared_args: dict[str, Any], subject_given: bool, now: float
) -> tuple[list[FieldError], list[str]]:
    """Check them all.

    `shared_args` are the message's custom_args, `subject_given` says whether it has a subject of its own,
    `now` is in unix seconds. Returns the errors and the recipients' addresses, lower case, in the order of
    the request (to, cc, bcc of each personalization). Raises WrongType.
    """
    if items is None or items == []:
        return [refused("personalizations", "You must have at least one personalization.")], []
    if type(items) is not list:
        raise WrongType
    if len(items) > limits.PERSONALIZATIONS:
        message = (
            "The personalization block is limited to 1000 personalizations per API request. You have provided "
            f"{len(items)} personalizations. Please consider splitting this into multiple requests and resending "
            "your request."
        )
        return [refused("personalizations", message)], []
    plain = plain_addresses(items, shared_args) if subject_given else None
    if plain is not None:
        return [], plain
    return find_errors(items, shared_args, subject_given, now)


def find_errors(
    items: list[Any], shared_args: dict[str, Any], subject_given: bool, now: float
) -> tuple[list[FieldError], list[str]]:
    """The loop over all personalizations, with the arguments and results of check_personalizations."""
    errors: list[FieldError] = []
    addresses: list[str] = []
    owner: dict[str, int] = {}
    valid, ordinary = ADDRESS.fullmatch, ORDINARY_NAME.fullmatch
    for number, item in enumerate(items):
        if type(item) is not dict:
            raise WrongType
        if not item.get("to"):
            errors.append(refused(f"personalizations.{number}.to", TO_REQUIRED))
        for role in ROLES:
            people = item.get(role)
            if people is None:
                continue
            if type(people) is not list:
                raise WrongType
            for place, person in enumerate(people):
                if type(person) is not dict:
                    raise WrongType
                email, name = person.get("email"), person.get("name")
                if (
                    type(email) is not str
                    or len(email) > limits.ADDRESS_CHARACTERS
                    or not valid(email)
                    or (name is not None and (type(name) is not str or not ordinary(name)))
                ):
                    errors += check_address(person, f"personalizations.{number}.{role}.{place}")
                    if type(email) is not str:
                        continue
                address = email.lower()
                if address in owner:
                    errors.append(_duplicate(email, number, role, owner[address]))
                owner[address] = number
                addresses.append(address)
        if len(item) > 1:
            errors += _check_rest(item, number, shared_args, now)
        if not subject_given and "subject" not in item:
            message = (
                "The subject is required. You can get around this requirement if you use a template with a "
                "subject defined or if every personalization has a subject defined."
            )
            errors.append(refused("subject", message))
            subject_given = True
    if len(addresses) > limits.RECIPIENTS:
        message = "There is a limit of 1000 total recipients (to + cc + bcc) per request."
        errors.append(refused("personalizations", message))
    return errors, addresses


def _duplicate(email: str, number: int, role: str, first: int) -> FieldError:
    if first == number:
        message = (
            "Each email address in the personalization block should be unique between to, cc, and bcc. We found "
            f"the first duplicate instance of [{email}] in the personalizations.{number}.{role} field."
        )
        return refused(f"personalizations.{number}", message)
    message = (
        "Each unique email address in the personalizations array should only be included once. You have included "
        f"[{email}] more than once."
    )
    return refused(f"personalizations.{number}.{role}", message)


def _check_rest(
    item: dict[str, Any], number: int, shared_args: dict[str, Any], now: float
) -> list[FieldError]:
    errors: list[FieldError] = []
    for key, value in item.items():
        if key == "substitutions":
            errors += _check_substitutions(value, f"personalizations.{number}.substitutions")
        elif key == "custom_args":
            errors += check_custom_args(value, shared_args, f"personalizations.{number}.custom_args")
        elif key == "headers":
            errors += check_headers(value, f"personalizations.{number}.headers")
        elif key == "subject":
            if type(value) is not str:
                raise WrongType
            if not value:
                errors.append(refused(f"personalizations.{number}.subject", SUBJECT_EMPTY))
        elif key == "send_at":
            errors += check_send_at(value, f"personalizations.{number}.send_at", now)
        elif key == "from":
            errors += check_address(value, f"personalizations.{number}.from")
        elif key not in ROLES:
            # SendGrid ignores nothing silently that it does not know: a misspelt key must not look like success.
            field = f"personalizations.{number}.{key}"
            errors.append(refused(field, f"Additional property {key} is not allowed."))
    return errors
