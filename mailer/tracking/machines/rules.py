"""The rules by which an open or a click is a program's, and their words."""

SOON = 60
"""Seconds after delivery in which clicks on many links are a burst."""
MANY = 3
"""Links clicked by then."""
AT_ONCE = 3
"""Seconds after delivery in which no reader has clicked."""

FLAG = "flag"
PREFETCH = "prefetch"
SCANNER = "scanner"
BURST = "burst"
INSTANT = "instant"

WORDS = {
    FLAG: "marked by SendGrid, because Apple Mail fetches pictures whether or not anybody reads the mail",
    PREFETCH: "the user agent of a mail service that fetches pictures before the mail is read",
    SCANNER: "the user agent or network of a known link scanner or bot",
    BURST: f"{MANY} links or more within {SOON} seconds of delivery, before a person opened the mail",
    INSTANT: f"within {AT_ONCE} seconds of delivery, before a person opened the mail",
}
"""Why an open or click is taken for a program's, by rule. Opens have the first three, clicks the last three."""
