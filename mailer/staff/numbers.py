"""Numbers that come with a request."""


def number(written: str | None) -> int | None:
    """A row's number in an address or a field; None for what is none."""
    return (
        int(written) if written and written.isdecimal() and written.isascii() and len(written) < 10 else None
    )
