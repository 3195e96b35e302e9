"""The text part: written from the stories, one line per paragraph, so that every program wraps it itself.

A hard wrap at 72 columns is ragged on a phone and cuts Chinese in odd places. Links become notes: `[3]`
in the sentence and `[3] https://…` on a line of its own below, where nothing can break it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

_RULE = "-" * 24


@dataclass(slots=True)
class Notes:
    """The links of a text part, numbered through it; `finish` resolves an address."""

    finish: Callable[[str], str]
    _count: int = 0
    _waiting: list[str] = field(default_factory=list)

    def add(self, url: str) -> str:
        """Return the mark of a new note."""
        self._count += 1
        self._waiting.append(f"[{self._count}] {self.finish(url)}")
        return f"[{self._count}]"

    def take(self) -> list[str]:
        """Return the notes since the last call, a line each."""
        lines, self._waiting = self._waiting, []
        return lines


def text_of(tokens: Sequence[Token], notes: Notes) -> str:
    """Return a Markdown token stream as readable text with its notes below, "" for nothing."""
    lines: list[str] = []
    indents: list[str] = []
    bullet = ""
    numbers: list[int | None] = []

    def write(text: str, *, gap: bool) -> None:
        nonlocal bullet
        for line in text.split("\n"):
            indent = "".join(indents)
            if bullet:
                indent, bullet = indent[: -len(bullet)] + bullet, ""
            lines.append((indent + line).rstrip())
        if gap:
            lines.append("".join(indents).rstrip())

    for at, token in enumerate(tokens):
        match token.type:
            case "inline":
                write(_inline(token.children or [], notes), gap=not tokens[at - 1].hidden)
            case "fence" | "code_block":
                write(token.content.rstrip("\n"), gap=True)
            case "hr":
                write("* * *", gap=True)
            case "bullet_list_open":
                numbers.append(None)
            case "ordered_list_open":
                numbers.append(int(token.attrGet("start") or 1))
            case "list_item_open":
                number = numbers[-1]
                bullet = "- " if number is None else f"{number}. "
                numbers[-1] = None if number is None else number + 1
                indents.append(" " * len(bullet))
            case "blockquote_open":
                indents.append("> ")
            case "list_item_close" | "blockquote_close":
                indents.pop()
                bullet = ""
                if lines and not lines[-1].strip(" >"):
                    lines[-1] = "".join(indents).rstrip()
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
                lines.append("".join(indents).rstrip())
    blocks = [_without_double_gaps(lines), "\n".join(notes.take())]
    return "\n\n".join(block for block in blocks if block)


def _without_double_gaps(lines: Sequence[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line.strip(" >") or (kept and kept[-1].strip(" >")):
            kept.append(line)
    while kept and not kept[-1].strip(" >"):
        kept.pop()
    return "\n".join(kept)


def _inline(children: Sequence[Token], notes: Notes) -> str:
    parts: list[str] = []
    opened: list[tuple[int, str, str]] = []
    for child in children:
        match child.type:
            case "text" | "text_special" | "code_inline":
                parts.append(child.content)
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "link_open":
                url = str(child.attrGet("href") or "")
                opened.append((len(parts), url, str(child.meta.get("written", url))))
            case "link_close":
                start, url, written = opened.pop()
                label = "".join(parts[start:])
                if not url:
                    continue
                if label in {"", written}:
                    parts[start:] = [notes.finish(url)]
                elif label != written.removeprefix("mailto:"):
                    parts.append(f" {notes.add(url)}")
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class TextStory:
    """A story for the text part, its parts resolved already."""

    headline: str
    topics: tuple[str, ...]
    body: str
    link_line: str


def text_part(
    *,
    head: Sequence[str],
    intro: str,
    stories: Sequence[TextStory],
    outro: str,
    action: str,
    foot: Sequence[str],
) -> str:
    """Return the whole text part; empty parts are left out, more than one story are numbered."""
    blocks = ["\n".join(line for line in head if line), intro]
    for number, story in enumerate(stories, start=1):
        title = f"{number}. {story.headline}" if len(stories) > 1 else story.headline
        heading = "\n".join(line for line in (title, " · ".join(story.topics)) if line)
        blocks += [_RULE, heading, story.body, story.link_line]
    blocks += [_RULE, outro, action] if outro or action else []
    blocks += [_RULE, "\n".join(foot)]
    return "\n\n".join(block for block in blocks if block) + "\n"
