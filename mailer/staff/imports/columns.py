"""The second step: what was recognised, what each column means, and how the file is merged with the store."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.imports.shown import waiting_drafts, written
from mailer.staff.imports.trying import ask_anew
from mailer.staff.imports.uploading import lists_of
from mailer.staff.numbers import number
from mailer.staff.page import page
from subscribers.importing import CannotImport
from subscribers.importing.columns import Columns, map_columns
from subscribers.importing.draft import KEPT_FOR, Sample, change, sample_of
from subscribers.importing.mapping import DEFAULT_RULE, RULED, Target, read_rules, read_target
from subscribers.importing.typed import TYPES
from subscribers.models import Import, ImportState
from subscribers.text import one_line

MEANINGS = {
    "email": "Email address",
    "first_name": "First name",
    "last_name": "Last name",
    "name": "Whole name",
    "language": "Language",
    "time_zone": "Time zone",
    "country": "Country",
    "topics": "Topics",
    "state": "Status (subscribed, unsubscribed, cleaned …)",
    "disabled": "Gets no mail (yes or no)",
    "signed_up": "Day of sign-up",
    "attributes": "Attribute …",
    "consent": "Proof of consent …",
    "-": "Nothing: leave it out",
}
KINDS = {"text": "text", "number": "number", "date": "date", "yes_no": "yes or no", "list": "list"}
SAYS_RULE = {
    "replace": "the file’s value, where it has one",
    "fill": "the file’s value only where the store has none",
    "keep": "what the store has",
}


@dataclass(frozen=True)
class Column:
    """A column as the page shows it.

    Attributes:
        place: from 0; name: as the header has it.
        values: the first ones.
        recognised: what it means where nobody says anything.
        meaning, key, kind: what somebody said: a key of MEANINGS, and of attributes and proofs which; "" for nothing.
        twin: another column before it has the same name, so that nothing can be said of this one.
    """

    place: int
    name: str
    values: tuple[str, ...]
    recognised: str
    meaning: str
    key: str
    kind: str
    twin: bool


@require_http_methods(["GET", "HEAD", "POST"])
@needs("subscribers.change_import", Import)
def columns(request: HttpRequest, stored: Import) -> HttpResponse:
    """Look at the columns and change what they mean. Posted, it goes on to the dry run."""
    if stored.state != ImportState.DRAFT:
        return redirect("staff:import", stored.pk)
    sample = sample_of(stored)
    mapping, rules, wrong = stored.mapping, stored.rules, ""
    chosen = stored.mailing_list
    if request.method == "POST":
        mapping, rules = _posted(request.POST, sample.header)
        found = lists_of(request.user).filter(pk=number(request.POST.get("mailing_list"))).first()
        try:
            for target in mapping.values():
                read_target(target)
            if found is None:
                raise CannotImport("no_list", "Choose the list that these people come on.")
            chosen = found
            read_rules([f"{field}={rule}" for field, rule in rules.items()])
            change(stored, mapping, rules, chosen)
        except CannotImport as error:
            wrong = _for_the_page(error)
        else:
            record(request.user, stored, f"Said what the columns mean, for {chosen.name}.")
            ask_anew(stored)
            return redirect("staff:import-check", stored.pk)
    shown = {
        "stored": stored,
        "sample": sample,
        "written": written(stored),
        "columns": _columns(stored, sample, mapping),
        "meanings": MEANINGS,
        "kinds": KINDS,
        "rules": [(field, field.replace("_", " "), rules.get(field, DEFAULT_RULE)) for field in RULED],
        "rule_words": SAYS_RULE,
        "has_rules": bool(rules),
        "lists": lists_of(request.user),
        "chosen": chosen,
        "wrong": wrong or ("" if stored.meanings or mapping else NO_ADDRESSES),
        "drafts": waiting_drafts(request.user, besides=stored),
        "until": timezone.localtime(stored.moved_at + KEPT_FOR),
    }
    return page(
        request,
        "staff/imports/columns.html",
        f"Import of {stored.name}",
        status=422 if wrong else 200,
        **shown,
    )


NO_ADDRESSES = "No column was recognised as the one with addresses. Say below which one it is."


def _columns(stored: Import, sample: Sample, mapping: Mapping[str, str]) -> list[Column]:
    recognised = _recognised(sample.header, stored.name)
    names = [one_line(name) for name in sample.header]
    found = []
    for place, name in enumerate(names):
        twin = not name or name in names[:place]
        said = Target("") if twin else _said(mapping.get(name, ""))
        values = tuple(value for row in sample.rows if (value := one_line(row[place])))
        found.append(Column(place, name, values, recognised[place], said.field, said.key, said.kind, twin))
    return found


def _said(target: str) -> Target:
    try:
        return read_target(target) if target else Target("")
    except CannotImport:  # what somebody has just typed, and is told to mend
        field, _, key = target.partition(".")
        return Target(field, key.partition(":")[0])


def _recognised(header: list[str], name: str) -> list[str]:
    """What each column means by itself, in words."""
    try:
        known = map_columns(header, name)
    except CannotImport:
        return ["not recognised"] * len(header)
    meanings: list[list[str]] = [[] for _ in header]
    for field, place in known.fields.items():
        guessed = field == "state" and known.is_guessed_status
        meanings[place].append("who left" if guessed else MEANINGS[field].split(" (")[0])
    for place in known.signed_up:
        meanings[place].append(MEANINGS["signed_up"])
    for attribute in known.attributes:
        kind = "" if attribute.kind == "text" else f" ({KINDS[attribute.kind]})"
        meanings[attribute.place].append(f"attribute {attribute.key}{kind}")
    for place, key in known.consent:
        meanings[place].append(f"proof of consent {key}")
    for place in known.objects:
        meanings[place].append("several attributes")
    return [" and ".join(said) or _unsaid(known, place) for place, said in enumerate(meanings)]


def _unsaid(known: Columns, place: int) -> str:
    return "left out: more than 50 attributes" if place in known.beyond else "left out"


def _posted(posted: Mapping[str, str], header: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The mapping and the rules that a form says; what is recognised anyway is not among them."""
    mapping: dict[str, str] = {}
    for place, cell in enumerate(header):
        name, meaning = one_line(cell), posted.get(f"means-{place}", "")
        if not name or name in mapping or meaning not in MEANINGS:
            continue
        key, kind = posted.get(f"key-{place}", "").strip(), posted.get(f"kind-{place}", "text")
        if meaning == "consent":
            meaning = f"consent.{key}"
        elif meaning == "attributes":
            meaning = (
                f"attributes.{key}" if kind not in TYPES or kind == "text" else f"attributes.{key}:{kind}"
            )
        mapping[name] = meaning
    rules = {
        field: rule for field in RULED if (rule := posted.get(f"rule-{field}", DEFAULT_RULE)) != DEFAULT_RULE
    }
    return mapping, rules


def _for_the_page(error: CannotImport) -> str:
    """What is wrong, in the words of this page where those of the command line would not help."""
    match error.code:
        case "no_email_column":
            return NO_ADDRESSES
        case "unknown_target":
            return (
                "An attribute or a proof needs a name made of letters, digits and _, beginning with a letter, such as "
                "company_size."
            )
    return str(error)
