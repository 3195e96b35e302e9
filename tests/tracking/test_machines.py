"""What one event tells of who opened or clicked: a program and by which rule, or a person with a mail program."""

from dataclasses import replace

import pytest
from django.test.utils import override_settings
from hypothesis import given
from hypothesis import strategies as st

from mailer.emulator import agents
from mailer.tracking.machines import WORDS, machine_rule, opened_with
from mailer.tracking.models import Click

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36"
OTHERS_PHONE = "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36"
IN_AN_APP = "Mozilla/5.0 (Linux; Android 13; SM-S918B Build/TP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0 Mobile Safari/537.36"
ANDROID_TABLET = "Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36"
HEADLESS = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36"
TEAMS = "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com"


def rule(kind: str, useragent: str = CHROME, ip: str = "203.0.113.9", **own: object) -> str:
    return machine_rule(kind, {"useragent": useragent, "ip": ip, **own})


@pytest.mark.parametrize("flag", [True, "true"])
def test_what_sendgrid_marks_is_a_machines_whatever_its_user_agent(flag) -> None:
    assert rule("open", sg_machine_open=flag) == "flag"
    assert rule("click", sg_machine_open=flag) == ""


@pytest.mark.parametrize("nothing", [False, "false", None, 0, "yes", [], {}])
def test_any_other_mark_says_nothing(nothing) -> None:
    assert rule("open", sg_machine_open=nothing) == ""


@pytest.mark.parametrize("agent", [agents.APPLE_PREFETCH, agents.GMAIL_PREFETCH])
def test_mail_services_that_fetch_in_advance_are_known_by_their_whole_user_agent(agent) -> None:
    assert rule("open", agent) == "prefetch"
    assert rule("click", agent) == "scanner", "no browser says so little"
    assert rule("open", agent + " Safari/537.36") == ""


@pytest.mark.parametrize(("agent", "program"), [(agents.GMAIL, "Gmail"), (agents.YAHOO, "Yahoo Mail")])
def test_a_picture_fetched_through_a_mail_services_proxy_was_opened_by_a_person(agent, program) -> None:
    assert rule("open", agent) == ""
    assert opened_with({"useragent": agent}) == (program, "")
    assert rule("click", agent) == "scanner", "proxies fetch pictures, people's browsers follow links"


@pytest.mark.parametrize(
    "agent",
    [
        *("Barracuda Sentinel (EE)", "Mimecast Crawler/1.0", TEAMS, HEADLESS, "GoogleMessages/20"),
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Microsoft Office Existence Discovery",
        *(
            "python-requests/2.32.3",
            "curl/8.1.2",
            "Go-http-client/1.1",
            "Apache-HttpClient/4.5",
            "Java/17.0.2",
        ),
        *("Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "BingPreview/1.0b", "WhatsApp/2.23"),
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ],
)
def test_scanners_and_bots_are_known_by_their_user_agent(agent) -> None:
    assert rule("open", agent) == rule("click", agent) == "scanner"


@pytest.mark.parametrize("kind", ["open", "click"])
@pytest.mark.parametrize(
    "agent", [CHROME, OTHERS_PHONE, IN_AN_APP, agents.ON_IPHONE, agents.ON_MAC, "", "Mail 3"]
)
def test_browsers_and_what_nobody_knows_are_people(kind, agent) -> None:
    assert rule(kind, agent) == ""


@pytest.mark.parametrize(
    ("ip", "opens", "clicks"),
    [
        ("209.222.80.0", "scanner", "scanner"),
        ("209.222.87.255", "scanner", "scanner"),
        ("209.222.88.0", "", ""),
        ("209.222.79.255", "", ""),
        ("::ffff:209.222.80.1", "scanner", "scanner"),
        # Outlook on the web fetches pictures from Microsoft's own networks.
        ("40.107.3.4", "", "scanner"),
        ("2a01:111:f400::25", "", "scanner"),
        ("2a01:111:f401::25", "", ""),
        ("0.0.0.1", "", ""),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
        ("", "", ""),
        ("not an address", "", ""),
        ("1.2.3", "", ""),
        ("1.2.3.4\0", "", ""),
        ("２０９.222.80.1", "", ""),
    ],
)
def test_scanners_are_known_by_their_network(ip, opens, clicks) -> None:
    assert (rule("open", ip=ip), rule("click", ip=ip)) == (opens, clicks)


def test_an_installation_adds_networks_of_its_own(settings) -> None:
    mine = ("192.0.2.0/25", "192.0.2.64/26", "2001:db8:7::/48")
    assert rule("click", ip="192.0.2.100") == ""
    with override_settings(ENVIRONMENT=replace(settings.ENVIRONMENT, scanner_networks=mine)):
        assert rule("click", ip="192.0.2.1") == rule("open", ip="192.0.2.100") == "scanner"
        assert rule("click", ip="2001:db8:7::1") == "scanner"
        assert rule("click", ip="192.0.2.128") == rule("click", ip="2001:db8:8::1") == ""
        assert rule("open", ip="209.222.80.1") == "scanner", "besides those that are known"


@pytest.mark.parametrize(
    ("agent", "program", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
         "Apple Mail", "phone"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
         "Apple Mail", "tablet"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
         "Apple Mail", "desktop"),
        (agents.OUTLOOK, "Outlook", "desktop"),
        ("Outlook-iOS/723.4027091.prod.iphone (4.28.0)", "Outlook", "phone"),
        ("Outlook-Android/2.0", "Outlook", "phone"),
        (agents.THUNDERBIRD, "Thunderbird", "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.10.0", "Thunderbird", "desktop"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Airmail/5",
         "Airmail", "desktop"),
        (CHROME, "Webmail", "desktop"),
        (agents.ON_MAC, "Webmail", "desktop"),
        (agents.ON_IPHONE, "Webmail", "phone"),
        (agents.ON_ANDROID, "Webmail", "phone"),
        (ANDROID_TABLET, "Webmail", "tablet"),
        (IN_AN_APP, "Android mail app", "phone"),
        ("Mail 3", "", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_mail_program_and_device_are_told_from_the_user_agent(agent, program, device) -> None:
    assert opened_with({"useragent": agent}) == (program, device)


anything = st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.lists(st.text(), max_size=2)


@given(
    kind=st.sampled_from(["open", "click", "delivered", ""]),
    payload=st.fixed_dictionaries(
        {},
        optional={
            "useragent": anything | st.text(max_size=2_000),
            "ip": anything | st.ip_addresses().map(str),
            "sg_machine_open": anything,
        },
    ),
)
def test_whatever_comes_in_is_read_the_same_each_time_and_fits_the_columns(kind, payload) -> None:
    found = machine_rule(kind, payload)
    program, device = opened_with(payload)
    assert (found, program, device) == (machine_rule(kind, payload), *opened_with(payload))
    assert found == "" or (kind in ("open", "click") and found in WORDS and len(found) <= 20)
    assert kind != "click" or found in ("", Click.Rule.SCANNER)
    assert len(program) <= 40
    assert device in ("", "phone", "tablet", "desktop")


def test_every_rule_has_words() -> None:
    assert set(Click.Rule.values) < set(WORDS)
    assert set(WORDS) == {"flag", "prefetch", "scanner", "burst", "instant"}
