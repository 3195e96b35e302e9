"""What a theme must be before it is kept: allowed tags with known attributes, and issues that could be sent."""

import re
from collections.abc import Mapping
from dataclasses import replace

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError, NewsletterContent, Problem
from mailer.issues.builder.theme import check_files
from mailer.issues.lint import blocking, lint
from mailer.issues.themes.sample import LANGUAGES, sample_issue

ENTRY = "issue.mjml"
MOST_FILES = 20
MOST_BYTES = 100_000
"""Of one file. The whole issue may have 100 KB before Gmail cuts it."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,60}\.mjml")
_TRIED_FOR = NewsletterContent(
    name="The Weekly",
    theme="digest",
    language="en",
    from_name="The Weekly",
    from_email="weekly@news.example.com",
    website="https://www.example.com",
    postal_address="1 Quay Street\nSingapore 049318",
    colour="#0f5c6e",
    tagline="What happened",
)


class BadTheme(Exception):
    """A theme that cannot be kept; `problems` says what is wrong with its `files`."""

    code = "bad_theme"

    def __init__(self, problems: tuple[Problem, ...], files: Mapping[str, str]) -> None:
        self.problems = problems
        self.files = files
        super().__init__("\n".join(f"{problem.where}: {problem.message}" for problem in problems))


def check_own(files: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return everything that is wrong with a theme, each with file and line where it has one.

    What can be rendered is tried as well: what an issue lacks is told once nothing is wrong with the files.

    Args:
        files: source by file name. `issue.mjml` is what is rendered; it may include the others, and those of the
            built-in themes as `base/head.mjml`, `digest/story.mjml` …
    """
    return check_parts(files) or tuple(_try(files))


def check_parts(files: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return what is wrong with the files of a theme: their names, their sizes, and what stands in them."""
    return (*_check_names(files), *check_files(tuple(sorted(files.items()))))


def _check_names(files: Mapping[str, str]) -> list[Problem]:
    problems = []
    if ENTRY not in files:
        problems.append(
            Problem("theme_missing", f"there is no {ENTRY}, which every theme begins with: add it", "theme")
        )
    if len(files) > MOST_FILES:
        problems.append(Problem("theme_files", f"a theme has at most {MOST_FILES} files: join some", "theme"))
    for name, source in files.items():
        if not _NAME.fullmatch(name):
            problems.append(
                Problem(
                    "theme_file",
                    "a file of a theme is called as story.mjml: small letters, digits, - and _",
                    name[:80],
                )
            )
        if "\0" in source:
            problems.append(Problem("theme_file", "it holds a NUL character: is it a text file?", name[:80]))
        if len(source.encode()) > MOST_BYTES:
            problems.append(
                Problem("theme_file", f"it has more than {MOST_BYTES // 1000} KB: make it shorter", name[:80])
            )
    return problems


def _try(files: Mapping[str, str]) -> list[Problem]:
    """Build the sample issue with it, in every kind of script, and look at it as before a send."""
    newsletter = replace(_TRIED_FOR, theme_files=tuple(sorted(files.items())))
    found: dict[Problem, None] = {}
    for language in LANGUAGES:
        issue = sample_issue(newsletter, language, "https://www.example.com/bridge.png")
        try:
            edition = build(issue)
        except BuildError as error:
            found.update(dict.fromkeys(error.problems))
            continue
        for finding in blocking(lint(issue, edition)):
            found[Problem(finding.code, finding.message, finding.where)] = None
    return list(found)
