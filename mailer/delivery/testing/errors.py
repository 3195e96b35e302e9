from mailer.delivery.errors import DeliveryError


class BadTestMail(DeliveryError):
    """A test mail that cannot be sent as somebody wants it; the message says why, and what to do."""

    code = "bad_test_mail"


class TooManyTests(DeliveryError):
    """Somebody sent as many test mails as anybody may for now."""

    code = "too_many_tests"
