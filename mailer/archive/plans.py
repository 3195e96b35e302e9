"""Each plan keeps its web editions. Every process listens and few plan, so what builds an edition is loaded then."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from django.db import transaction

from mailer.delivery.models import Send
from mailer.delivery.signals import planned

if TYPE_CHECKING:
    from mailer.issues.builder.content import IssueContent

log = structlog.get_logger()


def listen() -> None:
    """From now on each plan keeps its web editions."""
    planned.connect(_on_planned, dispatch_uid="web edition")


def _on_planned(sender: object, send: Send, variants: "Sequence[IssueContent]", **_: object) -> None:
    try:
        from mailer.archive.keep import keep

        with transaction.atomic():
            keep(send, variants)
    except Exception:  # the issue goes out, whatever is wrong with its web edition
        log.exception("web_edition_not_kept", send=send.pk)
