class DeliveryError(Exception):
    """Something about a send that somebody has to look at; the message says what, where and what to do."""

    code = "delivery"
