"""The variants of an A/B test: up to four subjects, or preheaders, of which the better one goes to the most."""

from dataclasses import dataclass, replace
from unicodedata import category

from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Send, Variant
from mailer.issues.builder.content import IssueContent
from mailer.issues.content import content_of

MOST = 4
"""Variants of a test, the issue's own among them."""
MOST_MINUTES = 7 * 24 * 60
"""Until the winner is chosen: a week."""


class BadTest(DeliveryError):
    """An A/B test that would tell nothing."""

    code = "bad_test"


@dataclass(frozen=True)
class ABTest:
    """What is tried on whom.

    Args:
        tried: (subject, preheader) of each variant beside the issue's own, which is number 0. An empty one is the
            issue's own.
        share: percent of the recipients who get a variant, all variants together; the others get the winner.
        metric: what the winner is chosen by, one of Send.Metric.
        minutes: from the start until the winner is chosen.
    """

    tried: tuple[tuple[str, str], ...]
    share: int = 20
    metric: str = Send.Metric.CLICKS.value
    minutes: int = 240

    def variants(self, own: tuple[str, str]) -> list[tuple[str, str]]:
        """Subject and preheader of each variant, by their numbers.

        Args:
            own: the issue's subject and preheader.
        """
        return [own, *((subject or own[0], preheader or own[1]) for subject, preheader in self.tried)]

    def check(self, own: tuple[str, str]) -> None:
        """Raises BadTest when the test cannot be made, or could not tell its variants apart.

        Args:
            own: see variants.
        """
        variants = self.variants(own)
        if not 2 <= len(variants) <= MOST:
            raise BadTest(f"An A/B test has 2 to {MOST} variants, the issue's own among them.")
        if len(set(variants)) < len(variants):
            raise BadTest("Two variants of the A/B test are the same.")
        if any(len(text) > 300 or not _is_one_line(text) for variant in variants for text in variant):
            raise BadTest(
                "A subject or preheader is one line of at most 300 characters, none of them a control."
            )
        if not all(subject.strip() for subject, _ in variants):
            raise BadTest("A subject of the A/B test is blank.")
        if not 1 <= self.share <= 99:
            raise BadTest("The share of an A/B test is 1 to 99 percent of the recipients.")
        if not 1 <= self.minutes <= MOST_MINUTES:
            raise BadTest("The winner of an A/B test is chosen after 1 minute to 7 days.")


def _is_one_line(text: str) -> bool:
    return not any(category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)


def write_test(send: Send, test: ABTest) -> None:
    """Give a new send its A/B test.

    Raises:
        BadTest: see ABTest.check.
    """
    own = (send.issue.subject, send.issue.preheader)
    test.check(own)
    send.test_share, send.test_metric, send.test_minutes = test.share, test.metric, test.minutes
    send.save(update_fields=["test_share", "test_metric", "test_minutes"])
    Variant.objects.bulk_create(
        Variant(send=send, number=number, subject=subject, preheader=preheader)
        for number, (subject, preheader) in enumerate(test.variants(own))
    )


def test_of(send: Send) -> ABTest | None:
    """The A/B test that a send was made with."""
    if send.test_share is None:
        return None
    tried = tuple((variant.subject, variant.preheader) for variant in send.variants.all() if variant.number)
    return ABTest(tried, send.test_share, send.test_metric, send.test_minutes)


def contents(send: Send) -> tuple[IssueContent, ...]:
    """The issue in each variant of a send, by their numbers; one without an A/B test."""
    content = content_of(send.issue)
    variants = [
        replace(content, subject=variant.subject, preheader=variant.preheader)
        for variant in send.variants.all()
    ]
    return tuple(variants) or (content,)
