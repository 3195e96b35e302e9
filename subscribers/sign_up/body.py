"""A JSON body, turned into what the form reads. Its shape is checked here, its content by the form."""

from typing import Any

from subscribers.sign_up.form import HONEYPOT, OWN

TEXTS = ("email", "first_name", "last_name", "language", "cadence", HONEYPOT)


class BadBody(Exception):
    """The body has not the shape of a sign-up; `fields` says what is wrong, by the name of the field."""

    code = "invalid"

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def form_data(body: Any) -> dict[str, Any]:
    """The form's data in a body.

    Raises:
        BadBody: with every field that has the wrong type, or that no form has.
    """
    if not isinstance(body, dict):
        raise BadBody({"": ["The body has to be an object."]})
    data: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, value in body.items():
        match name, value:
            case _, None:
                continue
            case ("fields", dict()):
                _take_own(value, data, wrong)
            case ("fields", _):
                wrong[name] = ["It has to be an object: the list's own fields by their key."]
            case ("topics", list()) if all(isinstance(slug, str) for slug in value):
                data[name] = value
            case ("topics", _):
                wrong[name] = ["It has to be a list of short names of topics."]
            case ("wording", int()) if not isinstance(value, bool):
                data[name] = str(value)
            case ("wording", _):
                wrong[name] = ["It has to be the number of the version that was shown."]
            case (_, str()) if name in TEXTS:
                data[name] = value
            case _ if name in TEXTS:
                wrong[name] = ["It has to be a text."]
            case _:
                wrong[name] = ["The form has no such field."]
    if wrong:
        raise BadBody(wrong)
    return data


def place_of(field: str) -> str:
    """The name in the body of a field of the form."""
    return f"fields.{field.removeprefix(OWN)}" if field.startswith(OWN) else field


def _take_own(values: dict[str, Any], data: dict[str, Any], wrong: dict[str, list[str]]) -> None:
    for key, value in values.items():
        match value:
            case None:
                continue
            case bool():
                data[OWN + key] = "yes" if value else "no"
            case str() | int() | float():
                data[OWN + key] = str(value)
            case _:
                wrong[f"fields.{key}"] = ["It has to be a text, a number, or true or false."]
