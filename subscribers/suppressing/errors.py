class CannotSuppress(Exception):
    """An address cannot be put on the suppressions, or taken off. The message says why and what to do."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
