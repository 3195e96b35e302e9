"""Which block list a receiving server names as its reason to refuse a mail.

Servers write what they like, so a list is known by its zone, its look-up page or its name in the words that go with it:
Postfix writes "Client host [192.0.2.1] blocked using ZONE" (default_rbl_reply, postconf(5)), Outlook.com "part of their
network is on our block list (S3140)", and most lists publish the sentence that they want to be quoted with.
"""

import re

UNNAMED = "unnamed"
"""A list, but nobody says which."""
LONGEST = 2_000
"""Characters of a reason that are read; servers answer in lines of 512 (RFC 5321, section 4.5.3.1.5)."""

# Also a mailbox or a server may be called like a list, so a bare name counts only where nothing else bears it.
_NAMES = {
    # zen., sbl., xbl., dbl.spamhaus.org and check.spamhaus.org; cbl.abuseat.org is a part of it
    "Spamhaus": r"\bspamhaus\b|\bcbl\.abuseat\.org\b",
    # bl.spamcop.net, https://www.spamcop.net/bl.shtml?192.0.2.1
    "SpamCop": r"\bspamcop\b",
    # b.barracudacentral.org; "blocked using Barracuda Reputation, see http://www.barracudanetworks.com/reputation/?…";
    # hosts of its customers are called …ess.barracudanetworks.com, and say much else
    "Barracuda": r"\bbarracudacentral\b|\bbarracudanetworks\.com/reputation\b|\bbarracuda (?:central|reputation|brbl)\b|\bbrbl\b",
    # shut down in 2024, and asked by some to this day
    "SORBS": r"\bsorbs\b",
    "UCEPROTECT": r"\buce-?protect\b|\bbackscatterer\.org\b",
    # sip.invaluement.com, uri.invaluement.com: ivmSIP, ivmSIP/24, ivmURI
    "Invaluement": r"\binvaluement\b|\bivm(?:sip|uri)",
    "SURBL": r"\bsurbl\b",
    "URIBL": r"\buribl\b",
    # "Blocked - see https://ipcheck.proofpoint.com/?ip=…", "blocked using Proofpoint Dynamic Reputation"; iCloud uses it
    "Proofpoint": r"\bipcheck\.proofpoint\b|\bproofpoint dynamic reputation\b|\busing proofpoint\b",
    # https://csi.cloudmark.com/en/reset/?ip=…
    "Cloudmark": r"\bcsi\.cloudmark\b|\bcloudmark (?:csi|sender intelligence)\b|\b(?:using|by) cloudmark\b",
    # Outlook.com's own: "part of their network is on our block list (S3140)"; of Microsoft 365: "Access denied, banned
    # sending IP", 5.7.606 to 649, taken off at sender.office.com (learn.microsoft.com/exchange/mail-flow-best-practices/
    # non-delivery-reports-in-exchange-online)
    "Microsoft": r"[\[(]a?s31[45]0[\])]|\bpart of their network is on our block ?list\b|\bbanned sending ip\b",
    # "blocked using Trend Micro RBL+", http://www.mail-abuse.com/cgi-bin/lookup?…
    "Trend Micro": r"\btrend micro (?:rbl|email reputation)|\bmail-abuse\.(?:com|org)\b",
    "Abusix": r"\babusix\b",
    "SpamRATS": r"\bspamrats\b",
    "Validity": r"\bsenderscore\b",
}
_PARTS = [f"(?P<n{number}>{pattern})" for number, pattern in enumerate(_NAMES.values())]
_NAMED = re.compile("|".join(_PARTS))
_WORDS = tuple(_NAMES)

# What is said of the sender's server; a list of one recipient ("the recipient's block list") is no business of others.
_LIST = r"(?:(?:dns)?(?:block|black|deny) ?-?list|dns[wr]?bl|rh?s?bl|blocklist)"
_UNNAMED = re.compile(
    r"(?<!not )(?<!n't )\b(?:black|block|deny) ?-?listed\b"
    rf"|\b(?:on|in|by|using|at|from|our|a|an|the|local|real-?time|internal|global|public) {_LIST}s?\b"
    rf"|\b{_LIST}s?(?: \(?(?:check|lookup|match|hit|entry|listing|rejection|reject|block|rule|score|query)|:)"
    r"|\[?\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\]?,? (?:is |was |has been )?(?:currently )?(?:listed|found) (?:in|on|at|by)\b"
    r"|\](?:: [a-z ]{0,20})? (?:blocked|rejected|listed) (?:using|by|at|in|on) [a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+"
)
_ADDRESSES = re.compile(r"[^\s<>@:;,]{1,128}@[^\s<>@]{1,255}")
_PERSONAL = re.compile(
    r"\b(?:recipient|user|personal|customer|mailbox)(?:'?s|s'|[- ]defined|[- ]specified)?(?: own| personal)? "
    r"(?:block|black|deny) ?-?list"
)


_OURS = "Refused for a block list: "


def reason_of(block_list: str) -> str:
    """A reason that is read as this list, for where the server's own words may not be kept."""
    return f"{_OURS}{block_list}"


def block_list_of(reason: str) -> str | None:
    """The list that a refusal names; UNNAMED where it only says that there is one, None where it is about something else.

    Args:
        reason: what the receiving server said; from outside, of any length.
    """
    if reason.startswith(_OURS) and reason[len(_OURS) :] in (*_NAMES, UNNAMED):
        return reason[len(_OURS) :]
    said = _ADDRESSES.sub("", reason[:LONGEST].lower())
    if named := _NAMED.search(said):
        return _WORDS[int(str(named.lastgroup)[1:])]
    return UNNAMED if _UNNAMED.search(_PERSONAL.sub("", said)) else None
