from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError, Edition, IssueContent
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.stories import select_stories
from mailer.issues.builder.utm import utm_links
from mailer.issues.content import content_of
from mailer.issues.find import NoSuchIssue, find_issue
from mailer.issues.lint import blocking, lint
from mailer.issues.preview import example_reader
from subscribers.models import Topic


class Command(BaseCommand):
    help = (
        "Write what would go out: HTML, text and subject of an issue, for an example reader, and check it. "
        "Example: mailer build china-digest/1 --topics ai,policy --out issue"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "issue", help="newsletter/number, or newsletter for its newest, such as china-digest/1"
        )
        parser.add_argument(
            "--topics", default="", metavar="A,B", help="as a reader sees it who chose these topics"
        )
        parser.add_argument(
            "--out", type=Path, required=True, metavar="DIR", help="folder to write to; made if missing"
        )

    def handle(self, *args: Any, issue: str, topics: str, out: Path, **options: Any) -> None:
        try:
            content = content_of(find_issue(issue))
            content = replace(content, stories=select_stories(content.stories, _named(topics)))
            edition = build(content)
        except (NoSuchIssue, BuildError) as error:
            raise CommandError(str(error)) from error
        _write(edition, out)
        console = Console()
        findings = lint(content, edition, site=settings.PUBLIC_URL)
        for finding in findings:
            colour = "red" if finding.level == "error" else "yellow"
            console.print(f"[{colour}]{finding.level}[/] ", end="")
            console.print(f"{finding.where}: {finding.message}", markup=False, highlight=False)
        console.print(
            f"{out / 'issue.html'}, issue.txt, subject.txt: {len(edition.html.encode()) / 1024:.0f} KB of HTML"
        )
        console.print(_links(content, edition), markup=False, highlight=False, soft_wrap=True)
        if blocking(findings):
            raise CommandError("The issue cannot be sent before the errors are mended.")


def _named(topics: str) -> frozenset[str]:
    """The names of topics that are given by short name or name."""
    there_are = {topic.slug: topic.name for topic in Topic.objects.order_by("slug")}
    names = {short.lower(): name for slug, name in there_are.items() for short in (slug, name)}
    wanted = [word.strip() for word in topics.split(",") if word.strip()]
    for word in wanted:
        if word.lower() not in names:
            raise CommandError(f"There is no topic {word!r}. There are: {', '.join(there_are)}.")
    return frozenset(names[word.lower()] for word in wanted)


def _links(content: IssueContent, edition: Edition) -> str:
    """How many links are tracked, and what the newsletter's settings add to them."""
    added = utm_links(content)
    parameters = "&".join(f"{name}={value}" for name, value in added.shown().items())
    return f"{len(edition.links)} tracked links, " + (f"with {parameters}" if parameters else "without UTM")


def _write(edition: Edition, out: Path) -> None:
    mail = personalise(edition, example_reader())
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in {
            "issue.html": mail.html,
            "issue.txt": mail.text,
            "subject.txt": mail.subject,
        }.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"Cannot write to {out}: {error.strerror}. Choose another folder with --out."
        ) from error
