"""The exceptions of this package. No message of theirs holds a secret or an e-mail address."""


class SendGridError(Exception):
    """Something between us and SendGrid went wrong.

    `code` stays the same between versions; the message says what, where and what to do, and may change.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ConfigurationError(SendGridError):
    """A setting (key, host, public key) cannot be used. Raised before anything goes to the network."""


class PayloadError(SendGridError):
    """A message or a batch breaks a limit of SendGrid that no recipient is to blame for."""


class CallFailed(SendGridError):
    """A call other than mail/send brought no usable answer.

    `status` is the HTTP status or None when there was no answer; `until` is the time (unix seconds) from which
    SendGrid takes calls again, when it said so (429).
    """

    def __init__(self, code: str, message: str, status: int | None = None, until: int | None = None) -> None:
        super().__init__(code, message)
        self.status = status
        self.until = until
