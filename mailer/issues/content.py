"""From the database to what the builder takes."""

from mailer.issues.builder.content import IssueContent, NewsletterContent, StoryContent, Utm
from mailer.issues.models import Issue, Newsletter, OwnTheme, Story


def content_of(issue: Issue) -> IssueContent:
    """The whole issue, with all of its stories that are not hidden, in order."""
    stories = issue.stories.filter(hidden=False).prefetch_related("topics").order_by("position")
    return IssueContent(
        newsletter=newsletter_content(issue.newsletter),
        number=issue.number,
        date=issue.date,
        subject=issue.subject,
        preheader=issue.preheader,
        intro=issue.intro,
        stories=tuple(_story(story, number) for number, story in enumerate(stories, start=1)),
        outro=issue.outro,
        call_to_action_label=issue.call_to_action_label,
        call_to_action_link=issue.call_to_action_link,
    )


def newsletter_content(newsletter: Newsletter) -> NewsletterContent:
    """A newsletter as the builder takes it."""
    return NewsletterContent(
        name=newsletter.name,
        theme=newsletter.theme,
        language=newsletter.language,
        from_name=newsletter.from_name,
        from_email=newsletter.from_email,
        website=newsletter.website,
        postal_address=newsletter.postal_address,
        colour=newsletter.colour,
        logo=newsletter.logo,
        tagline=newsletter.tagline,
        slug=newsletter.slug,
        utm=utm_of(newsletter),
        page_colour=newsletter.page_colour,
        font=newsletter.font,
        theme_files=newest_files(newsletter.own_theme),
    )


def newest_files(theme: OwnTheme | None) -> tuple[tuple[str, str], ...]:
    """The templates of a theme's newest version, by file name; none where there is no theme."""
    version = theme.versions.order_by("-number").first() if theme else None
    return tuple(sorted(version.files.items())) if version else ()


def utm_of(newsletter: Newsletter) -> Utm:
    """The UTM parameters that a newsletter's settings name."""
    return Utm(
        source=newsletter.utm_source,
        medium=newsletter.utm_medium,
        campaign=newsletter.utm_campaign,
        content=newsletter.utm_content,
    )


def _story(story: Story, number: int) -> StoryContent:
    return StoryContent(
        id=story.pk,
        headline=story.headline,
        body=story.body,
        link=story.link,
        link_label=story.link_label,
        image=story.image,
        image_alt=story.image_alt,
        topics=tuple(topic.name for topic in story.topics.all()),
        for_everyone=story.for_everyone,
        position=number,
    )
