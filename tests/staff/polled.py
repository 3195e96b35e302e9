"""Pieces of a page that are fetched again and again while somebody may have the keyboard in them."""

import re


def loses_focus(piece: str) -> list[str]:
    """The links and buttons to which htmx could not give the focus back, because they have no id.

    https://htmx.org/attributes/hx-swap/ keeps the focus of elements with an id.
    """
    return re.findall(r"<(?:a|button|input|summary)\b(?![^>]*\b(?:id=|type=\"hidden\"))[^>]*>", piece)
