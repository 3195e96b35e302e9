"""How a send is arranged on the command line: when it goes out, to whom, and with which A/B test."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from mailer.config.arguments import number
from mailer.delivery.audience import Audience, read_audience
from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Send
from mailer.delivery.schedule import WRITTEN, read_schedule
from mailer.delivery.start import again, send_of
from mailer.delivery.variants import MOST_MINUTES, ABTest
from mailer.issues.models import Issue

OPTIONS = (
    "again",
    "segment",
    "not_segment",
    "everybody",
    "at",
    "zone",
    "local",
    "subject",
    "preheader",
    "test_share",
    "test_by",
    "test_minutes",
)


class BadArrangement(DeliveryError):
    """Options that do not go together."""

    code = "bad_arrangement"


def add_arrangement(parser: ArgumentParser) -> None:
    """The options of `arranged`."""
    parser.add_argument(
        "--again", action="store_true", help="only to those who have not got it: who failed, or joined later"
    )
    whom = parser.add_argument_group(
        "to whom on the list", "such as --segment asia --segment investors --not-segment staff"
    )
    whom.add_argument(
        "--segment",
        action="append",
        metavar="SLUG",
        default=[],
        help="to those in this segment or snapshot; several times for those in any of them",
    )
    whom.add_argument(
        "--not-segment",
        action="append",
        metavar="SLUG",
        default=[],
        help="not to those in this one; several times for those in none of them",
    )
    whom.add_argument(
        "--everybody", action="store_true", help="to all of the list, where the send was for segments before"
    )
    when = parser.add_argument_group("when")
    when.add_argument("--at", metavar="TIME", help=f'one moment for everybody, such as "{WRITTEN}"')
    when.add_argument(
        "--zone", metavar="ZONE", help="the time zone of --at; the newsletter's where none is named"
    )
    when.add_argument(
        "--local", metavar="TIME", help="each recipient's local time: their zone, else their country's"
    )
    test = parser.add_argument_group("A/B test of the subject")
    test.add_argument(
        "--subject",
        action="append",
        metavar="TEXT",
        default=[],
        help="try this one too, beside the issue's own; up to three times",
    )
    test.add_argument(
        "--preheader",
        action="append",
        metavar="TEXT",
        default=[],
        help="likewise; the first goes with the first --subject, and so on",
    )
    test.add_argument("--test-share", type=number(1, 99), metavar="PERCENT", help="who tries them; 20")
    test.add_argument("--test-by", choices=Send.Metric.values, help="what wins; clicks")
    test.add_argument(
        "--test-minutes",
        type=number(1, MOST_MINUTES),
        metavar="N",
        help="until the winner is chosen; 240",
    )


def is_arranged(options: Mapping[str, Any]) -> bool:
    """Whether any of the options says more than "the send there is"."""
    return any(options[name] not in (None, False, []) for name in OPTIONS)


def arranged(issue: Issue, options: Mapping[str, Any]) -> Send:
    """The send of an issue that the options ask for: the one there is, or one that is made for it.

    Raises:
        BadArrangement, BadAudience, BadSchedule, BadTest: it cannot be arranged so.
        AlreadyStarted, NotOver: what there is cannot be arranged in another way, or not yet.
    """
    if options["zone"] is not None and options["at"] is None:
        raise BadArrangement("--zone says what zone the time of --at is in: name both, or neither.")
    schedule = None
    if options["at"] is not None or options["local"] is not None:
        zone = issue.newsletter.time_zone if options["zone"] is None else options["zone"]
        schedule = read_schedule(options["at"], options["local"], zone)
    audience = _audience(options)
    test = _test(options)
    if not options["again"]:
        return send_of(issue, schedule, test, audience)
    if test:
        raise BadArrangement("A send to those who have not got it takes the subject that won: no test again.")
    return again(issue, schedule, audience)


def _audience(options: Mapping[str, Any]) -> Audience | None:
    into, out = options["segment"], options["not_segment"]
    if options["everybody"]:
        if into or out:
            raise BadArrangement("--everybody is the whole list: name no segment beside it.")
        return Audience()
    return read_audience(into, out) if into or out else None


def _test(options: Mapping[str, Any]) -> ABTest | None:
    subjects, preheaders = options["subject"], options["preheader"]
    how: dict[str, Any] = {
        "share": options["test_share"],
        "metric": options["test_by"],
        "minutes": options["test_minutes"],
    }
    given = {name: value for name, value in how.items() if value is not None}
    if not (subjects or preheaders):
        if given:
            raise BadArrangement("--test-… say how to test: say what, with --subject or --preheader.")
        return None
    most = max(len(subjects), len(preheaders))
    pad = [""] * most
    tried = tuple(zip((subjects + pad)[:most], (preheaders + pad)[:most], strict=True))
    return ABTest(tried, **given)
