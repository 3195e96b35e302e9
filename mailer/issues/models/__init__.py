"""What editors work on: newsletters and their themes, issues and their versions, stories, images and feeds."""

from mailer.issues.models.issues import Issue, Version
from mailer.issues.models.newsletters import (
    MOST_AN_HOUR,
    Font,
    Newsletter,
    Theme,
    check_domain_ceilings,
    check_time_zone,
)
from mailer.issues.models.stories import Feed, FeedEntry, Image, Story
from mailer.issues.models.themes import OwnTheme, ThemeVersion

__all__ = [
    "MOST_AN_HOUR",
    "Feed",
    "FeedEntry",
    "Font",
    "Image",
    "Issue",
    "Newsletter",
    "OwnTheme",
    "Story",
    "Theme",
    "ThemeVersion",
    "Version",
    "check_domain_ceilings",
    "check_time_zone",
]
