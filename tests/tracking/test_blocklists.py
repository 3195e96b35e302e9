"""Block lists in the words of receiving servers: real sentences, with the addresses of documentation in them."""

import orjson
import pytest

from mailer.tracking.blocklists import LONGEST, UNNAMED, block_list_of, reason_of
from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store
from mailer.tracking.reading import read
from mailer.tracking.replay import rebuild
from subscribers.privacy.erase import erase
from tests.tracking.ledger import SENT_AT, make_send

NAMED = [
    (
        "Spamhaus",
        "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. To request removal from this list see https://www.spamhaus.org/query/ip/192.0.2.1 (AS3130).",
    ),
    (
        "Spamhaus",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/sbl/query/SBLCSS",
    ),
    (
        "Spamhaus",
        "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list; see http://postmaster.yahoo.com/550-bl23.html",
    ),
    (
        "SpamCop",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.spamcop.net; Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.1",
    ),
    (
        "Barracuda",
        "554 Service unavailable; Client host [o1.ptr.example.com] blocked using Barracuda Reputation; http://www.barracudanetworks.com/reputation/?r=1&ip=192.0.2.1",
    ),
    ("Barracuda", "550 Service unavailable; blocked using b.barracudacentral.org"),
    (
        "SORBS",
        "550 5.7.1 Mail from 192.0.2.1 refused: Currently Sending Spam See: http://www.sorbs.net/lookup.shtml?192.0.2.1",
    ),
    (
        "UCEPROTECT",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using dnsbl-1.uceprotect.net; IP 192.0.2.1 is UCEPROTECT-Level 1 listed. See http://www.uceprotect.net/rblcheck.php?ipr=192.0.2.1",
    ),
    (
        "Invaluement",
        "550 5.7.1 192.0.2.1 is listed on the ivmSIP DNSBL. See https://www.invaluement.com/lookup/",
    ),
    ("SURBL", "550 5.7.1 Message contains a URL listed in multi.surbl.org"),
    ("URIBL", "554 Blocked: link found in black.uribl.com"),
    ("Proofpoint", "550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1"),
    (
        "Proofpoint",
        "5.7.1 Service unavailable; client [192.0.2.1] blocked using Proofpoint Dynamic Reputation",
    ),
    (
        "Cloudmark",
        "554 5.7.1 [P4] Message blocked due to spam content; https://csi.cloudmark.com/en/reset/?ip=192.0.2.1",
    ),
    (
        "Microsoft",
        "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140). You can also refer your provider to http://mail.live.com/mail/troubleshooting.aspx#errors.",
    ),
    (
        "Microsoft",
        "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your ISP since part of their network is on our block list (AS3150).",
    ),
    (
        "Microsoft",
        "550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/",
    ),
    (
        "Trend Micro",
        "550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using Trend Micro RBL+. Please see http://www.mail-abuse.com/cgi-bin/lookup?ip_address=192.0.2.1",
    ),
    (
        "Abusix",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using combined.mail.abusix.zone; https://lookup.abusix.com/search?q=192.0.2.1",
    ),
    (UNNAMED, "550 5.7.1 Your IP is blacklisted"),
    (UNNAMED, "554 5.7.1 Client host [192.0.2.1] rejected: blacklisted"),
    (UNNAMED, "550 5.7.1 Message rejected because 192.0.2.1 is listed in our DNSBL"),
    (UNNAMED, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using dnsbl.example.net"),
    (UNNAMED, "550 Sender IP on local blacklist"),
    (UNNAMED, "550 5.7.1 RBL: sender refused"),
    (UNNAMED, "550 5.7.1 Rejected by RBL check"),
    (UNNAMED, "521 5.7.1 Sending host is on our blocklist."),
    (UNNAMED, "550-5.7.1 192.0.2.1 has been listed on bl.example.org"),
    (UNNAMED, "550 5.7.1 Mail from IP 192.0.2.1 was rejected due to listing in a real-time blacklist"),
    (UNNAMED, "550 Your server's IP address is block-listed here"),
]
OTHER = [
    "550 5.1.1 mailbox not listed",
    "550 5.1.1 User not listed in public Name & Address Book",
    "550 5.1.1 <anna@spamhaus.org>: Recipient address rejected: User unknown",
    "550 5.1.1 <rbl@dnsbl.example>: User unknown in virtual mailbox table",
    "550 5.7.1 recipient not on our allow list",
    "550 5.7.1 This mailing list accepts posts of members only",
    "550 5.7.1 Sender is on the recipient's block list",
    "550 5.7.1 Message rejected: sender in user's blacklist",
    "550 5.2.2 mailbox full",
    "550 permanent failure for one or more recipients (anna@example.org:blocked) d1.ess.barracudanetworks.com",
    "550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.",
    "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [DB8.prod.protection.outlook.com]",
    "550 5.7.1 You are not blacklisted, but the mailbox is closed",
    "554 5.7.1 Recipient unlisted",
    "550 5.1.1 The address listed in this mail does not exist",
    "550 5.1.1 recipients listed in the directory only",
    "452 4.2.2 quota, see https://support.example/list",
    "",
    "550 5.1.1 no such user; host mx.proofpoint.com said no such user",
    "550 unsubscribe listing",
    "550 5.1.1 The email account that you tried to reach does not exist",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "550 #5.1.0 Address rejected. not in recipient list",
    "550 verbleib unbekannt",
    "550 5.7.1 S3140-2 mailbox",
]


@pytest.mark.parametrize(("name", "reason"), NAMED)
def test_the_list_that_a_refusal_names(name: str, reason: str) -> None:
    assert block_list_of(reason) == name
    assert block_list_of(reason.upper()) == name


@pytest.mark.parametrize("reason", OTHER)
def test_what_is_about_something_else(reason: str) -> None:
    assert block_list_of(reason) is None


@pytest.mark.parametrize("name", sorted({name for name, _ in NAMED}))
def test_a_reason_of_ours_is_read_as_the_list_that_it_was_written_for(name: str) -> None:
    assert block_list_of(reason_of(name)) == name


def test_a_reason_of_ours_with_a_strange_name_is_no_list() -> None:
    assert block_list_of(reason_of("<script>")) != "<script>"


def test_only_the_beginning_of_a_long_reason_is_read() -> None:
    assert block_list_of("x " * LONGEST + "blocked using zen.spamhaus.org") is None


@pytest.mark.parametrize(
    ("kind", "payload", "named"),
    [
        ("bounce", {"type": "bounce"}, True),
        ("bounce", {"type": "blocked"}, True),
        ("dropped", {}, False),
        ("deferred", {"response": "blocked using zen.spamhaus.org"}, False),
    ],
)
def test_only_bounces_and_blocks_have_one(kind: str, payload: dict[str, str], named: bool) -> None:
    given = {**payload, "reason": "554 Client host [192.0.2.1] blocked using zen.spamhaus.org"}
    assert (read(kind, SENT_AT, given).block_list is not None) is named


@pytest.mark.parametrize("reason", [None, 5, ["blocked using zen.spamhaus.org"], {}])
def test_a_reason_that_is_no_text_names_none(reason: object) -> None:
    assert read("bounce", SENT_AT, {"type": "blocked", "reason": reason}).block_list is None


@pytest.mark.django_db
def test_of_an_erased_reader_the_list_is_still_known_and_the_words_are_not() -> None:
    ledger = make_send()
    reason = "550 <anna@example.org> Client host [192.0.2.1] blocked using zen.spamhaus.org"
    store(orjson.dumps([ledger.event("bounce", type="blocked", reason=reason)]))
    fold_events()
    erase(ledger.subscribers[0].pk, by="the person", source="test")
    rebuild()
    assert ledger.delivery().block_list == "Spamhaus"
