"""Test lists: addresses that test mails of a newsletter go to, kept under a name."""

from django.db import IntegrityError, transaction

from mailer.delivery.models import TestList
from mailer.delivery.testing.addresses import read_addresses
from mailer.delivery.testing.errors import BadTestMail
from mailer.issues.models import Newsletter


def keep_list(newsletter: Newsletter, name: str, written: str, there: TestList | None = None) -> TestList:
    """Make a test list, or change the one there is.

    Args:
        written: its addresses as somebody typed them.
    Raises:
        BadTestMail: it has no name or one that another list has, or see addresses.read_addresses.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= 100:
        raise BadTestMail("A list needs a name of up to 100 characters.")
    kept = there or TestList(newsletter=newsletter)
    kept.name, kept.addresses = name, read_addresses(written)
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as error:
        raise BadTestMail(f"{newsletter} has a test list “{name}” already: take another name.") from error
    return kept


def find_list(newsletter: Newsletter, name: str) -> TestList:
    """The test list of a newsletter with this name.

    Raises:
        BadTestMail: there is none; the message names those there are.
    """
    found = TestList.objects.filter(newsletter=newsletter, name=name).first()
    if found is None:
        names = ", ".join(newsletter.test_lists.values_list("name", flat=True))
        there_are = f"There are: {names}." if names else "It has none yet: make one on the page of an issue."
        raise BadTestMail(f"{newsletter} has no test list {name!r}. {there_are}")
    return found
