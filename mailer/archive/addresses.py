"""The addresses of the archive, whole, as feeds, cards and search engines want them."""

from django.conf import settings
from django.urls import reverse

from mailer.issues.models import Newsletter
from subscribers.models import MailingList, Topic


def archive_url(newsletter: Newsletter) -> str:
    """Where a newsletter's archive stands, or would stand were it switched on."""
    return _whole("archive:archive", newsletter.slug)


def topic_url(newsletter: Newsletter, topic: Topic) -> str:
    """Where its issues on a topic stand."""
    return _whole("archive:topic", newsletter.slug, topic.slug)


def issue_url(newsletter: Newsletter, number: int) -> str:
    """Where an issue stands."""
    return _whole("archive:issue", newsletter.slug, number)


def feed_url(newsletter: Newsletter) -> str:
    """Where its feed stands."""
    return _whole("archive:feed", newsletter.slug)


def sign_up_url(mailing_list: MailingList) -> str:
    """Where people sign up for a list."""
    return _whole("subscribers:sign_up", mailing_list.slug)


def _whole(name: str, *arguments: object) -> str:
    return settings.PUBLIC_URL + reverse(name, args=arguments)
