"""What a merge makes of each field, as SQL: the file's value and the store's, by the rule of the field.

A person whom this import has met in an earlier chunk counts as the store had them before it.
"""

from collections.abc import Mapping

from subscribers.importing.mapping import DEFAULT_RULE, RULES

TEXTS = ("first_name", "last_name", "language", "time_zone", "country")
_NEW = "person.was_new"


def wanted_values(rules: Mapping[str, str]) -> str:
    """The columns of a known person after the merge, from a row of the file with what the store knows (merge.MATCH).

    Args:
        rules: by field. The keys of attributes that they name are parameters, see `named_keys`.
    """
    texts = (_text(field, rules.get(field, DEFAULT_RULE)) for field in TEXTS)
    return ", ".join([*texts, _topics(rules.get("topics", DEFAULT_RULE)), _attributes(rules)])


def named_keys(rules: Mapping[str, str]) -> dict[str, list[str]]:
    """The parameters of `wanted_values`: for each rule, the keys of attributes that have it, and those that do not."""
    named = {
        field.partition(".")[2]: rule for field, rule in rules.items() if field.startswith("attributes.")
    }
    return {
        **{f"with_{rule}": [key for key, each in named.items() if each == rule] for rule in RULES},
        **{f"without_{rule}": [key for key, each in named.items() if each != rule] for rule in RULES},
    }


def _text(field: str, rule: str) -> str:
    may = _may(rule, f"coalesce(person.met_former ->> '{field}', known_{field}) = ''")
    return f"CASE WHEN person.{field} <> ''{may} THEN person.{field} ELSE known_{field} END AS {field}"


def _topics(rule: str) -> str:
    may = _may(rule, "coalesce(person.met_former -> 'topic_ids', to_jsonb(known_topic_ids)) = '[]'")
    # The same topics in another order are no change.
    return f"""
    CASE WHEN person.topic_ids <> '{{}}'{may}
        AND NOT (person.topic_ids @> known_topic_ids AND person.topic_ids <@ known_topic_ids)
    THEN person.topic_ids ELSE known_topic_ids END AS topic_ids"""


def _attributes(rules: Mapping[str, str]) -> str:
    default = rules.get("attributes", DEFAULT_RULE)
    keys = named_keys(rules)
    merged = "known_attributes"
    for rule in RULES:
        if rule == default:
            part = "person.attributes"
            if keys[f"without_{rule}"]:
                part = f"(person.attributes - %(without_{rule})s::text[])"
        elif keys[f"with_{rule}"]:
            part = f"(person.attributes - {_other_keys(f'%(with_{rule})s')})"
        else:
            continue
        if rule == "fill":
            had = "coalesce(person.met_former -> 'attributes', known_attributes)"
            part = f"CASE WHEN {_NEW} THEN {part} ELSE {part} - ARRAY(SELECT jsonb_object_keys({had})) END"
        elif rule == "keep":
            part = f"CASE WHEN {_NEW} THEN {part} ELSE '{{}}' END"
        merged = f"{merged} || {part}"
    return f"{merged} AS attributes"


def _may(rule: str, had_none: str) -> str:
    """The condition under which a rule takes the file's value."""
    return {"replace": "", "fill": f" AND ({_NEW} OR {had_none})", "keep": f" AND {_NEW}"}[rule]


def _other_keys(keys: str) -> str:
    """The keys of the row's attributes that are none of these."""
    return f"ARRAY(SELECT key FROM jsonb_object_keys(person.attributes) key WHERE key <> ALL({keys}::text[]))"
