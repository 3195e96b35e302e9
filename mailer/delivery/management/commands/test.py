from argparse import ArgumentParser
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Value
from django.db.models.functions import Lower
from rich.console import Console

from mailer.delivery.errors import DeliveryError
from mailer.delivery.forecast.terminal import plain
from mailer.delivery.testing.addresses import read_addresses
from mailer.delivery.testing.errors import BadTestMail
from mailer.delivery.testing.lists import find_list
from mailer.delivery.testing.post import Came, send_test
from mailer.delivery.testing.seen_as import SeenAs, a_person, an_example, with_topics
from mailer.issues.builder.content import BuildError
from mailer.issues.find import NoSuchIssue, find_issue
from subscribers.models import Subscriber, Topic


class Command(BaseCommand):
    help = (
        "Send an issue as a test: as an example reader sees it, somebody with some topics, or one person. Nobody of its "
        "list gets anything. Example: mailer test china-digest/1 --to me@example.org --topics ai,policy"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "issue", help="newsletter/number, or newsletter for its newest, such as china-digest/1"
        )
        parser.add_argument("--to", nargs="+", metavar="ADDRESS", default=[], help="where it goes; up to 20")
        parser.add_argument("--list", metavar="NAME", help="to the addresses of this test list too")
        seen = parser.add_mutually_exclusive_group()
        seen.add_argument("--topics", metavar="A,B", help="as a reader sees it who chose these topics")
        seen.add_argument("--as", dest="person", metavar="ADDRESS", help="as this subscriber sees it")

    def handle(self, *args: Any, issue: str, **options: Any) -> None:
        try:
            found = find_issue(issue)
            addresses = list(options["to"])
            if options["list"] is not None:
                addresses += find_list(found.newsletter, options["list"]).addresses
            outcome = send_test(found, _reader(options), read_addresses(addresses))
        except (NoSuchIssue, BuildError, DeliveryError) as error:
            raise CommandError(str(error)) from error
        console = Console(file=cast(IO[str], self.stdout))
        for address, why in outcome.refused:
            console.print(plain(f"{address} gets nothing: {why}."), soft_wrap=True)
        if outcome.came is not Came.ACCEPTED:
            raise CommandError(outcome.says)
        console.print(plain(outcome.says), soft_wrap=True)


def _reader(options: dict[str, Any]) -> SeenAs:
    if options["person"] is not None:
        found = (
            Subscriber.objects.alias(key=Lower("email")).filter(key=Lower(Value(options["person"]))).first()
        )
        if found is None:
            raise BadTestMail(f"Nobody in the store has the address {options['person']}.")
        return a_person(found)
    if options["topics"] is None:
        return an_example()
    by_slug = dict(Topic.objects.order_by("slug").values_list("slug", "pk"))
    wanted = [word.strip().lower() for word in options["topics"].split(",") if word.strip()]
    for word in wanted:
        if word not in by_slug:
            raise BadTestMail(f"There is no topic {word!r}. There are: {', '.join(by_slug)}.")
    return with_topics(by_slug[word] for word in wanted)
