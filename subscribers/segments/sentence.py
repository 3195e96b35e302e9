"""A rule in plain English: in Singapore or Malaysia, and clicked something on payments in the last 4 issues."""

from subscribers.segments.errors import SegmentError
from subscribers.segments.rule import Group, Node, Rule, parse


def sentence(rule: Rule) -> str:
    """What a rule asks of a person. It says the names that the rule says, so nothing is looked up."""
    return _says(rule.root, negated=False, within="")


def sentence_of(data: object) -> str:
    """The sentence of a rule as it is stored; of one that cannot be read, being of an older version perhaps, the error."""
    try:
        return sentence(parse(data))
    except SegmentError as error:
        return f"cannot be read: {error}"


def _says(node: Node, *, negated: bool, within: str) -> str:
    """In brackets where the word that joins its parts is another than the one around it.

    Negation goes down to the conditions: none of A and B is not A, and not B.
    """
    if not isinstance(node, Group):
        return node.says(negated)
    inside = negated != (node.join == "none")
    word = "and" if (node.join == "all") != inside else "or"
    if len(node.parts) == 1:
        return _says(node.parts[0], negated=inside, within=within)
    said = f", {word} ".join(_says(part, negated=inside, within=word) for part in node.parts)
    return said if within in ("", word) else f"({said})"
