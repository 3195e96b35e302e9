from mailer.delivery.errors import DeliveryError


class NotApproved(DeliveryError):
    """Something was to go out that nobody approved; the message says what changed, and what to do."""

    code = "not_approved"


class CannotAnswer(DeliveryError):
    """Somebody asked or answered what they cannot: their own question, or one that is answered already."""

    code = "cannot_answer"


class ChangedMeanwhile(DeliveryError):
    """What somebody looked at is not what is there now."""

    code = "changed_meanwhile"
