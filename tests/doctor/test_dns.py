"""What the doctor says of a domain's DNS: what is missing is wrong, what could not be asked is not seen."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailer.doctor.resolver import NoSuchName, Resolver
from mailer.doctor.result import CannotSee, State
from mailer.emulator.account import domain, link
from tests.doctor.conftest import DOMAIN

RETURN_PATH, S1, S2 = f"em1.{DOMAIN}", f"s1._domainkey.{DOMAIN}", f"s2._domainkey.{DOMAIN}"
SPF = "v=spf1 ip4:198.51.100.7 -all"


def dkim(bits: int = 2048) -> str:
    """A key of so many bits, which nobody can sign with."""
    numbers = RSAPublicNumbers(65537, (1 << (bits - 1)) + 0x1234567)
    der = numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"k=rsa; t=s; p={base64.b64encode(der).decode()}"


@pytest.fixture
def zone(dns, account):
    """The domain as SendGrid wants it."""
    account(domains=[domain(DOMAIN)], links=[link(DOMAIN)])
    for record in (*domain(DOMAIN)["dns"].values(), *link(DOMAIN)["dns"].values()):
        dns.says(record["host"], "CNAME", record["data"] + ".")
    dns.says("mail_cname.emulator.localhost", "TXT", SPF)
    dns.says("dkim1.emulator.localhost", "TXT", dkim())
    dns.says("dkim2.emulator.localhost", "TXT", dkim())
    dns.says("links.emulator.localhost", "A", "198.51.100.8")
    dns.says(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject; rua=mailto:d@harbour-times.sg")
    dns.says(DOMAIN, "MX", "20 backup.harbour-times.sg.", "10 mx.harbour-times.sg.")
    return dns


def test_a_domain_as_sendgrid_wants_it_is_fine_in_everything(ask, zone):
    for subject in ("SPF", "DKIM", "DMARC", "Alignment", "Replies", "Links in mails"):
        result = ask(subject, DOMAIN)
        assert (result.state, result.todo) == (State.FINE, ""), result
    assert "v=spf1 ip4:198.51.100.7" in ask("SPF", DOMAIN).seen
    assert "s1._domainkey.harbour-times.sg (RSA, 2,048 bits)" in ask("DKIM", DOMAIN).seen
    assert "served by mx.harbour-times.sg, backup.harbour-times.sg" in ask("Replies", DOMAIN).seen


def test_nothing_in_dns_is_wrong_in_everything(ask, zone):
    zone.records.clear()
    for subject in ("SPF", "DKIM", "DMARC", "Replies", "Links in mails"):
        result = ask(subject, DOMAIN)
        assert result.state == State.WRONG, result
        assert result.todo


def test_servers_that_fail_say_nothing_about_the_records(ask, zone):
    zone.failing.update({RETURN_PATH, S2, f"_dmarc.{DOMAIN}", DOMAIN, f"url1.{DOMAIN}"})
    for subject in ("SPF", "DKIM", "DMARC", "Replies", "Links in mails"):
        result = ask(subject, DOMAIN)
        assert result.state == State.UNSEEN, result
        assert "SERVFAIL" in result.seen


def test_absent_failing_and_silent_names_are_told_apart(dns):
    dns.failing.add("failing.sg")
    dns.silent.add("silent.sg")
    dns.says("there.sg", "A", "198.51.100.1")
    resolver = Resolver(dns.address, limit=0.3)
    assert resolver.texts("there.sg") == []
    with pytest.raises(NoSuchName):
        resolver.texts("absent.sg")
    with pytest.raises(CannotSee, match="SERVFAIL"):
        resolver.texts("failing.sg")
    with pytest.raises(CannotSee, match="No name server answered"):
        resolver.texts("silent.sg")
    for odd in ("", "a..sg", f"{'x' * 64}.sg"):
        with pytest.raises(NoSuchName):
            resolver.texts(odd)


@pytest.mark.parametrize("placeholder", ["example.org", "news.Example.COM", "newsletter.test", "localhost"])
def test_a_placeholder_is_not_asked_for(ask, dns, placeholder):
    result = ask("DMARC", placeholder.lower(), from_email=f"a@{placeholder}")
    assert result.state == State.UNSEEN
    assert "placeholder" in result.seen


@pytest.mark.parametrize("records", [[], ["v=spf1 -all", "v=spf1 ~all"], ["v=spf1 a +all"], ["v=spf1 all"]])
def test_a_return_path_whose_spf_is_no_good_is_wrong(ask, zone, records):
    zone.says("mail_cname.emulator.localhost", "A", "198.51.100.1")
    zone.says("mail_cname.emulator.localhost", "TXT", *records)
    assert ask("SPF", DOMAIN).state == State.WRONG


@pytest.mark.parametrize("target", [["elsewhere.sg."], []], ids=["leads elsewhere", "is no alias"])
@pytest.mark.parametrize(("host", "subject"), [(RETURN_PATH, "SPF"), (S1, "DKIM")])
def test_an_alias_that_is_not_sendgrid_s_is_wrong(ask, zone, host, subject, target):
    zone.says(host, "TXT", SPF, dkim())
    zone.says(host, "CNAME", *target)
    result = ask(subject, DOMAIN)
    assert result.state == State.WRONG
    assert f"{host} CNAME " in result.todo


def test_the_lookups_of_spf_are_counted_through_includes(ask, zone):
    zone.says("mail_cname.emulator.localhost", "TXT", "v=spf1 include:one.sg mx a:b.sg ip4:192.0.2.1 -all")
    zone.says("one.sg", "TXT", "v=spf1 include:two.sg include:one.sg -all")
    zone.says("two.sg", "TXT", "v=spf1 a mx ptr exists:%{i}.two.sg a:c.sg ~all")
    assert ask("SPF", DOMAIN).state == State.FINE  # ten: three, two and five
    zone.says("two.sg", "TXT", "v=spf1 a mx ptr exists:%{i}.two.sg a:c.sg redirect=three.sg")
    result = ask("SPF", DOMAIN)
    assert result.state == State.WRONG
    assert "more than 10 lookups" in result.seen


def test_where_the_account_is_hidden_the_domain_s_own_records_count(ask, zone, inbox):
    inbox.fail("forbidden", path="/v3/whitelabel", count=None)
    assert ask("DKIM", DOMAIN).state == State.FINE  # under SendGrid's usual selectors
    assert ask("Alignment", DOMAIN).state == State.UNSEEN
    result = ask("SPF", DOMAIN)
    assert result.state == State.UNSEEN
    assert "whitelabel.read" in result.seen
    zone.says(DOMAIN, "TXT", "unrelated=1", "v=spf1 include:sendgrid.net ~all")
    assert ask("SPF", DOMAIN).state == State.FINE
    for selector in (S1, S2):
        zone.says(selector, "CNAME")
    assert ask("DKIM", DOMAIN).state == State.UNSEEN


def test_a_domain_that_sendgrid_does_not_sign_for_is_wrong(ask, zone, account):
    account(domains=[])
    for subject in ("SPF", "DKIM", "Alignment"):
        assert ask(subject, DOMAIN).state == State.WRONG


def test_records_kept_by_hand_are_looked_at_too(ask, zone, account):
    entry = domain(DOMAIN) | {"automatic_security": False}
    entry["dns"] = {
        "mail_server": {"valid": True, "type": "mx", "host": RETURN_PATH, "data": "mx.sendgrid.net"},
        "subdomain_spf": {"valid": True, "type": "txt", "host": RETURN_PATH, "data": SPF},
        "dkim": {"valid": True, "type": "txt", "host": f"m1._domainkey.{DOMAIN}", "data": "k=rsa; …"},
    }
    account(domains=[entry])
    zone.says(RETURN_PATH, "CNAME")
    zone.says(RETURN_PATH, "TXT", SPF)
    zone.says(f"m1._domainkey.{DOMAIN}", "TXT", dkim())
    assert ask("SPF", DOMAIN).state == ask("DKIM", DOMAIN).state == State.FINE


def other_key() -> str:
    key = generate_private_key(SECP256R1()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"p={base64.b64encode(der).decode()}"


@pytest.mark.parametrize(
    ("record", "state", "said"),
    [
        (dkim(1024), State.FINE, "1,024 bits"),
        (dkim(768), State.WRONG, "768 bits"),
        (f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(32)).decode()}", State.FINE, "Ed25519"),
        ("k=rsa; p=", State.WRONG, "revoked"),
        ("k=rsa; p=MIGf\"MA0", State.WRONG, "cannot be read"),
        (other_key(), State.WRONG, "cannot be read"),
        ("nothing of the kind", State.WRONG, "holds no key"),
    ],
    ids=["1024", "768", "ed25519", "revoked", "broken", "other", "none"],
)  # fmt: skip
def test_a_key_is_judged(ask, zone, record, state, said):
    zone.says("dkim2.emulator.localhost", "TXT", record.replace('"', "'"))
    result = ask("DKIM", DOMAIN)
    assert result.state == state
    assert said in result.seen


@pytest.mark.parametrize(
    ("records", "state", "todo"),
    [
        (["v=DMARC1; p=none; rua=mailto:d@harbour-times.sg"], State.FINE, "p=quarantine"),
        (["v=DMARC1;p=quarantine"], State.FINE, "rua="),
        (["V=dmarc1; P=Reject; RUA=mailto:d@harbour-times.sg"], State.FINE, ""),
        (["v=DMARC1; p=nothing; rua=mailto:a@b.sg"], State.WRONG, "p=none"),
        (["v=DMARC1; rua=mailto:a@b.sg"], State.WRONG, "p=none"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], State.WRONG, "Leave one"),
        (["something else"], State.WRONG, "v=DMARC1; p=none"),
    ],
)
def test_a_policy_is_judged(ask, zone, records, state, todo):
    zone.says(f"_dmarc.{DOMAIN}", "TXT", *records)
    result = ask("DMARC", DOMAIN)
    assert result.state == state
    assert todo in result.todo
    assert bool(todo) == bool(result.todo)


def test_a_domain_below_inherits_the_policy_for_those_below(ask, zone):
    below = f"news.{DOMAIN}"
    sender = {"from_email": f"a@{below}"}
    zone.says(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject; sp=odd; rua=mailto:a@b.sg")
    assert ask("DMARC", below, **sender).state == State.WRONG
    zone.says(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject; rua=mailto:a@b.sg")
    assert ask("DMARC", below, **sender).state == State.FINE


@pytest.mark.parametrize(
    ("policy", "state", "todo"),
    [
        ("p=none", State.FINE, False),
        ("p=none; adkim=s", State.FINE, True),
        ("p=none; adkim=s; aspf=s", State.WRONG, True),
    ],
)
def test_a_domain_above_aligns_unless_the_policy_is_strict(ask, zone, policy, state, todo):
    below = f"news.{DOMAIN}"
    zone.says(f"_dmarc.{DOMAIN}", "TXT", f"v=DMARC1; {policy}")
    result = ask("Alignment", below, from_email=f"a@{below}")
    assert (result.state, bool(result.todo)) == (state, todo)


def test_replies_need_a_mail_server(ask, zone):
    zone.says(DOMAIN, "MX", "0 .")
    assert "null MX" in ask("Replies", DOMAIN).seen
    zone.says(DOMAIN, "MX")
    zone.says(DOMAIN, "TXT", "x")
    assert ask("Replies", DOMAIN).state == State.WRONG
    zone.says(DOMAIN, "A", "198.51.100.1")
    assert ask("Replies", DOMAIN).state == State.FINE
    zone.says("office.sg", "MX", "10 mx.office.sg.")
    assert ask("Replies", "office.sg", reply_to="editors@Office.sg").state == State.FINE


def test_branded_links_must_lead_somewhere(ask, zone, account):
    zone.says("links.emulator.localhost", "A")
    zone.says("links.emulator.localhost", "TXT", "x")
    assert "every tracked link in a mail is dead" in ask("Links in mails", DOMAIN).seen
    account(links=[link(DOMAIN) | {"valid": False}])
    assert ask("Links in mails", DOMAIN).state == State.WRONG
    account(links=[])
    result = ask("Links in mails", DOMAIN)
    assert (result.state, bool(result.todo)) == (State.FINE, True)
