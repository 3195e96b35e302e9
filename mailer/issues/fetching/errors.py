"""Why something could not be fetched."""


class FetchError(Exception):
    """Nothing came; the message says what was asked, what is wrong and what to do.

    Attributes:
        code: one of `address` (no web address), `refused` (leads to no public address), `unreachable` (no connection,
            no such name, bad certificate), `slow`, `large`, `type` (of content), `redirects` (too many), `status`
            (the answer is an error), `broken` (an answer that cannot be read).
        status: of the answer, with the code `status`.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        self.code = code
        self.status = status
        super().__init__(message)
