class CannotExport(Exception):
    """There is nothing such to export. The message says what, and what there is."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
