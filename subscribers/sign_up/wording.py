"""What a form says people agree to. Each text is kept for ever: a change is the next version."""

from django.db import transaction

from subscribers.models import MailingList, Wording


def current_wording(mailing_list: MailingList) -> Wording | None:
    """The version that forms show now; None where there is none yet."""
    return mailing_list.wordings.order_by("-version").first()


@transaction.atomic
def reword(mailing_list: MailingList, text: str) -> Wording:
    """Make a text the list's wording from now on: the next version, or the current one where it says that already."""
    MailingList.objects.select_for_update(no_key=True).get(pk=mailing_list.pk)
    text = "\n".join(text.strip().splitlines())
    current = current_wording(mailing_list)
    if current and current.text == text:
        return current
    version = current.version + 1 if current else 1
    return Wording.objects.create(mailing_list=mailing_list, version=version, text=text)
