"""The subscriber store: who may be written to, about what, and the proof that they agreed.

State and constraints only; what changes them stands in the modules named for the act.
"""

from subscribers.models.consent import Consent, ConsentAction, Wording
from subscribers.models.erasures import Erasure
from subscribers.models.imports import (
    DryRun,
    DryRunState,
    Import,
    ImportedRow,
    ImportPart,
    ImportPartKind,
    ImportState,
)
from subscribers.models.letters import Letter, LetterKind
from subscribers.models.people import (
    Asked,
    Cadence,
    MailingList,
    PauseReason,
    Subscriber,
    Subscription,
    SubscriptionState,
    Topic,
)
from subscribers.models.preferences import AddressChange, Remark
from subscribers.models.search import SearchChange, SearchEntry
from subscribers.models.segments import Segment, Snapshot, SnapshotMember
from subscribers.models.sign_up import PendingSignUp
from subscribers.models.suppressions import (
    GRAVEST_FIRST,
    Lifting,
    Suppression,
    SuppressionOrigin,
    SuppressionReason,
    gravest,
)

__all__ = [
    "GRAVEST_FIRST",
    "AddressChange",
    "Asked",
    "Cadence",
    "Consent",
    "ConsentAction",
    "DryRun",
    "DryRunState",
    "Erasure",
    "Import",
    "ImportPart",
    "ImportPartKind",
    "ImportState",
    "ImportedRow",
    "Letter",
    "LetterKind",
    "Lifting",
    "MailingList",
    "PauseReason",
    "PendingSignUp",
    "Remark",
    "SearchChange",
    "SearchEntry",
    "Segment",
    "Snapshot",
    "SnapshotMember",
    "Subscriber",
    "Subscription",
    "SubscriptionState",
    "Suppression",
    "SuppressionOrigin",
    "SuppressionReason",
    "Topic",
    "Wording",
    "gravest",
]
