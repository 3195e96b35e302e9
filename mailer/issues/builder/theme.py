"""A theme: a folder of Jinja2 templates that write MJML, rendered in the sandbox and compiled to HTML."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import mjml
from jinja2 import ChoiceLoader, FileSystemLoader, FunctionLoader, TemplateNotFound, TemplateSyntaxError

import mailer
from mailer.issues.builder.content import BuildError, Problem
from mailer.issues.builder.mjml_check import check_mjml, check_source
from mailer.issues.builder.sandbox import ThemeSandbox, counted

THEMES = Path(mailer.__file__).resolve().parent.parent / "templates" / "newsletters"
Files = tuple[tuple[str, str], ...]
"""Templates, source by file name."""
_ENTRY = "issue.mjml"
_NAME = re.compile(r"[a-z][a-z0-9-]*")
# Spaces without a line break between two tags count as text for the compiler, which refuses them there.
_SPACES_BETWEEN_TAGS = re.compile(r"(?<=>)[ \t]+(?=</?mj-)")
_BYTES = re.compile(r"at position (\d+):\d+")


def is_theme(name: str, folder: Path = THEMES) -> bool:
    """Tell whether there is a theme of this name."""
    return _NAME.fullmatch(name) is not None and (folder / name / _ENTRY).is_file()


def render_theme(name: str, values: Mapping[str, Any], folder: Path = THEMES, files: Files = ()) -> str:
    """Return the MJML of a theme for these values, every plain string among them escaped.

    Args:
        name: of a built-in theme.
        files: the templates of a theme of somebody's own, in place of the built-in one; they may include its files
            too, and those of `base`.
    Raises:
        BuildError: with the template and line of an error in the theme, or with the lines of the MJML that the
            allow-list refuses.
    """
    entry = _ENTRY if files else f"{name}/{_ENTRY}"
    try:
        with counted():
            rendered = _environment(folder, files).get_template(entry).render(values)
    except Exception as error:  # a template can raise whatever the values it touches raise
        raise BuildError((_template_problem(error),)) from error
    problems = check_mjml(rendered)
    if problems:
        raise BuildError(problems)
    return rendered


def compile_mjml(source: str) -> str:
    """Return the HTML of a checked MJML document; raises BuildError with the line of what is refused."""
    source = _SPACES_BETWEEN_TAGS.sub("", source)
    try:
        return mjml.mjml2html(source)
    except ValueError as error:
        found = _BYTES.search(str(error))
        line = source.encode()[: int(found[1])].count(b"\n") + 1 if found else 1
        message = f"the MJML cannot be compiled ({error}): correct the theme there"
        raise BuildError((Problem("mjml_invalid", message, f"line {line}"),)) from error


def check_theme(name: str, folder: Path = THEMES) -> tuple[Problem, ...]:
    """Return what is wrong with the templates of a theme, with file and line of each."""
    if not is_theme(name, folder):
        return (unknown_theme(name, folder),)
    problems: list[Problem] = []
    for part in ("base", name):
        for path in sorted((folder / part).glob("*.mjml")):
            problems += check_source(path.read_text(encoding="utf-8"), f"{part}/{path.name}")
    return tuple(problems)


def unknown_theme(name: str, folder: Path = THEMES) -> Problem:
    """Return the problem of a theme that is not there, naming those that are."""
    names = sorted(entry.parent.name for entry in folder.glob(f"*/{_ENTRY}"))
    return Problem(
        "theme_unknown", f"there is no theme {name!r}: choose one of {', '.join(names)}", "newsletter, theme"
    )


def check_files(files: Files) -> tuple[Problem, ...]:
    """Return what is wrong with the templates of a theme of somebody's own, with file and line of each."""
    return tuple(problem for name, source in files for problem in check_source(source, name))


@lru_cache(maxsize=16)
def _environment(folder: Path, files: Files) -> ThemeSandbox:
    built_in = FileSystemLoader(folder)
    if not files:
        return ThemeSandbox(built_in)
    # With their names as file names, which errors then carry.
    own = {name: (source, name, lambda: True) for name, source in files}
    return ThemeSandbox(ChoiceLoader([FunctionLoader(own.get), built_in]))


def _template_problem(error: Exception) -> Problem:
    if isinstance(error, TemplateSyntaxError):
        return Problem("theme_syntax", f"{error.message}", f"{error.name}, line {error.lineno}")
    if isinstance(error, TemplateNotFound):
        return Problem(
            "theme_missing", f"the template {error.name} is not there: add or rename it", str(error.name)
        )
    return Problem("theme_value", f"{error}: correct the theme there", _place(error.__traceback__))


def _place(trace: TracebackType | None) -> str:
    place = "theme"
    while trace is not None:
        # Jinja2 rewrites its tracebacks so that frames of templates carry the template's file and line.
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.suffix == ".mjml":
            place = f"{Path(path.parent.name, path.name)}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
