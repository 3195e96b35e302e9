"""The issue builder: content in, edition or problems out. Pure: no database, no network, no clock."""

from mailer.issues.builder.build import build
from mailer.issues.builder.content import (
    BuildError,
    Context,
    Edition,
    EditionLink,
    IssueContent,
    MergeTag,
    NewsletterContent,
    PersonalisedMail,
    Problem,
    StoryContent,
)
from mailer.issues.builder.getters import compile_tags
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.stories import select_stories
from mailer.issues.builder.theme import check_theme

__all__ = [
    "BuildError",
    "Context",
    "Edition",
    "EditionLink",
    "IssueContent",
    "MergeTag",
    "NewsletterContent",
    "PersonalisedMail",
    "Problem",
    "StoryContent",
    "build",
    "check_theme",
    "compile_tags",
    "personalise",
    "select_stories",
]
