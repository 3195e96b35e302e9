"""The subscriber store: who may be written to, about what, and the proof that they agreed.

State and constraints only; what changes them stands in the modules named for the act.
"""

from subscribers.models.consent import Consent, ConsentAction, Wording
from subscribers.models.letters import Letter, LetterKind
from subscribers.models.people import (
    Cadence,
    MailingList,
    PauseReason,
    Subscriber,
    Subscription,
    SubscriptionState,
    Topic,
)
from subscribers.models.segments import Segment, Snapshot, SnapshotMember
from subscribers.models.suppressions import GRAVEST_FIRST, Suppression, SuppressionReason

__all__ = [
    "GRAVEST_FIRST",
    "Cadence",
    "Consent",
    "ConsentAction",
    "Letter",
    "LetterKind",
    "MailingList",
    "PauseReason",
    "Segment",
    "Snapshot",
    "SnapshotMember",
    "Subscriber",
    "Subscription",
    "SubscriptionState",
    "Suppression",
    "SuppressionReason",
    "Topic",
    "Wording",
]
