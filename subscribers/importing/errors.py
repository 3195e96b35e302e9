class CannotImport(Exception):
    """The file as a whole cannot be imported, and nothing was. The message says what, where and what to do."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
