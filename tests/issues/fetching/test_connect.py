"""Connections are made to public addresses only, whatever the address is called, and however it is come by."""

import pytest

from mailer.issues.fetching import ANYTHING, PAGE, FetchError, fetch
from tests.website import website


@pytest.fixture
def site():
    with website() as site:
        site.says("/", "<title>Inside</title>")
        yield site


def refusal(url: str, **how: object) -> FetchError:
    with pytest.raises(FetchError) as raised:
        fetch(url, PAGE, **how)
    return raised.value


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "169.254.169.254",
        "10.0.0.1",
    ],
)
def test_no_way_to_write_this_machine_or_its_network_gets_in(host):
    error = refusal(f"http://{host}/")
    # Some are no address at all to some resolvers; then there is no such host.
    assert error.code in {"refused", "unreachable", "address"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "127.1"])
def test_this_machine_is_refused_on_the_ports_of_the_web_as_such(host):
    error = refusal(f"http://{host}:8080/")
    assert (error.code, "not on the public internet" in str(error)) == ("refused", True)


def test_a_server_of_this_machine_is_reached_only_where_the_settings_name_it(site):
    assert refusal(site.url).code == "refused"
    assert site.asked == []
    assert b"Inside" in fetch(site.url, PAGE, private_hosts=[site.host]).body
    assert b"Inside" in fetch(site.url, PAGE, private_hosts=["127.0.0.1"]).body
    assert refusal(site.url, private_hosts=["127.0.0.1:80", "localhost"]).code == "refused"


def test_a_name_that_leads_inside_is_refused(site):
    port = site.host.rpartition(":")[2]
    for inside in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1"):
        error = refusal("http://innocent.example/", resolve=lambda host, port, inside=inside: [inside])
        assert error.code == "refused"
    assert refusal(f"http://innocent.example:{port}/", resolve=lambda *_: ["127.0.0.1"]).code == "refused"
    assert site.asked == []


def test_a_name_is_asked_for_once_and_the_connection_made_to_the_answer_that_was_looked_at():
    answers = iter([["127.0.0.1"], ["93.184.215.14"]])
    assert refusal("http://rebinding.example/", resolve=lambda *_: next(answers)).code == "refused"
    assert next(answers) == ["93.184.215.14"]


def test_a_redirect_is_looked_at_like_the_first_address(site):
    inside = [
        "http://127.0.0.1/",
        "http://localhost:8080/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "//10.0.0.1/",
    ]
    for number, target in enumerate(inside):
        start = site.says(f"/away{number}", status=302, headers={"Location": target})
        assert refusal(start, private_hosts=[site.host]).code == "refused", target


def test_a_redirect_to_a_name_that_leads_inside_is_refused(site):
    start = site.says("/away", status=301, headers={"Location": "http://rebinding.example/"})
    answers = {"127.0.0.1": ["127.0.0.1"], "rebinding.example": ["192.168.0.1"]}
    error = refusal(start, private_hosts=[site.host], resolve=lambda host, port: answers[host])
    assert error.code == "refused"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://www.example.org/",
        "file:///etc/passwd",
        "gopher://www.example.org/",
        "javascript:alert(1)",
        "data:text/html,hello",
        "//www.example.org/",
        "www.example.org",
        "http://",
        "http:///path",
        "http://user@www.example.org/",
        "http://user:secret@www.example.org/",
        "http://[::1",
        "http://www.example.org:99999/",
        "http://www.example.org/" + "x" * 3000,
        "http://a\nb/",
        "",
    ],
)
def test_what_is_no_web_address_is_told_so(url):
    assert refusal(url).code == "address"


@pytest.mark.parametrize("port", [22, 25, 6379, 5432, 11211])
def test_ports_that_are_none_of_the_web_are_refused(port):
    error = refusal(f"http://www.example.org:{port}/", resolve=lambda *_: ["93.184.215.14"])
    assert error.code == "refused"
    assert str(port) in str(error)


def test_a_redirect_to_another_scheme_is_refused(site):
    for number, target in enumerate(["file:///etc/passwd", "ftp://www.example.org/"]):
        start = site.says(f"/away{number}", status=302, headers={"Location": target})
        with pytest.raises(FetchError) as raised:
            fetch(start, ANYTHING, private_hosts=[site.host])
        assert raised.value.code == "address"


def test_an_address_that_takes_no_connection_leaves_room_for_the_next(site):
    port = int(site.host.rpartition(":")[2])
    addresses = ["127.0.0.2", "127.0.0.1"]  # nobody listens at the first
    found = fetch(
        f"http://two.example:{port}/", PAGE, private_hosts=["TWO.example"], resolve=lambda *_: addresses
    )
    assert b"Inside" in found.body
