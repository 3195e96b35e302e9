"""The ledger of a send: who was meant to get an issue, who was left out and why, and what became of each.

The state of a delivery is the state of its batch; only what differs from it (a recipient that SendGrid
named as wrong) is kept on the delivery itself. So a thousand recipients are marked by one row.
"""

from mailer.delivery.models.approvals import Approval, TestList
from mailer.delivery.models.batches import BATCH_SIZE, Batch, BatchState, Submission, SubmissionOutcome
from mailer.delivery.models.deliveries import Delivery
from mailer.delivery.models.editions import Edition, EditionLink, Link
from mailer.delivery.models.exclusions import Exclusion, ExclusionReason
from mailer.delivery.models.sends import Notice, Send, SendSegment, TestMetric, Variant
from mailer.delivery.models.suppressing import PulledList, Removal, SuppressionSync

__all__ = [
    "BATCH_SIZE",
    "Approval",
    "Batch",
    "BatchState",
    "Delivery",
    "Edition",
    "EditionLink",
    "Exclusion",
    "ExclusionReason",
    "Link",
    "Notice",
    "PulledList",
    "Removal",
    "Send",
    "SendSegment",
    "Submission",
    "SubmissionOutcome",
    "SuppressionSync",
    "TestList",
    "TestMetric",
    "Variant",
]
