"""What a recipient gets: substitutions, headers, arguments, links."""

from hypothesis import given
from hypothesis import strategies as st

from mailer.emulator.links import tracked_links
from mailer.emulator.messages import Mailing, substitute
from tests.emulator.playground import Playground, mail, recipient


def message(person: dict, **changes):
    return Mailing("id", 1000.0, mail(person, **changes)).message(0)


def test_substitutions_reach_subject_text_html_and_reply_to_but_not_headers_or_arguments() -> None:
    found = message(
        recipient(
            "a@example.org",
            substitutions={"-name-": "王 & <b>"},
            headers={"X-Name": "-name-"},
            custom_args={"name": "-name-"},
        ),
        subject="Hi -name-",
        reply_to={"email": "reply@example.com", "name": "-name-"},
        content=[{"type": "text/plain", "value": "-name-!"}, {"type": "text/html", "value": "<i>-name-</i>"}],
    )
    assert found.subject == "Hi 王 & <b>"
    assert found.text == "王 & <b>!"
    assert found.html == "<i>王 & <b></i>"
    assert found.reply_to == [{"email": "reply@example.com", "name": "王 & <b>"}]
    assert found.headers == {"X-Name": "-name-"}
    assert found.custom_args == {"name": "-name-"}


def test_a_value_is_not_searched_for_keys_again() -> None:
    assert substitute("-a- -b-", {"-a-": "-b-", "-b-": "-a-"}) == "-b- -a-"


def test_the_longest_key_wins_and_unknown_ones_stay() -> None:
    assert substitute(
        "-name- -name-full- -else-", {"-name": "X", "-name-": "Ann", "-name-full-": "Ann B"}
    ) == ("Ann Ann B -else-")


@given(st.text(), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=4))
def test_substitution_never_fails_and_leaves_texts_without_keys_alone(
    text: str, values: dict[str, str]
) -> None:
    if not any(key and key in text for key in values):
        assert substitute(text, values) == text
    else:
        substitute(text, values)


def test_the_personalizations_own_wins_over_the_messages() -> None:
    found = message(
        recipient(
            "a@example.org",
            subject="Mine",
            headers={"x-list": "mine"},
            custom_args={"a": "mine"},
            **{"from": {"email": "other@example.com"}},
        ),
        headers={"X-List": "all", "X-More": "all"},
        custom_args={"a": "all", "b": "all"},
    )
    assert found.subject == "Mine"
    assert found.headers == {"X-More": "all", "x-list": "mine"}
    assert found.custom_args == {"a": "mine", "b": "all"}
    assert found.sender == {"email": "other@example.com"}


def test_only_literal_links_are_tracked() -> None:
    source = """
      <a class="x" href="https://example.com/1">1</a> <A HREF="http://example.com/-tag-">2</A>
      <a href="-url-">3</a> <a href='https://example.com/4'>4</a> <a href="mailto:a@example.com">5</a>
      <a clicktracking=off href="https://example.com/6">6</a>
      <a href="https://example.com/7" clicktracking="off">7</a> <link href="https://example.com/8">
      <a data-href="https://example.com/9" href="/relative">9</a>
      <a title="a > b clicktracking=off" href="https://example.com/10">10</a>
    """
    assert tracked_links(source) == (
        "https://example.com/1",
        "http://example.com/-tag-",
        "https://example.com/10",
    )


def test_everybody_in_to_cc_and_bcc_gets_a_message(emulator: Playground) -> None:
    emulator.send(
        mail({
            "to": [{"email": "a@example.org"}, {"email": "b@example.org"}],
            "cc": [{"email": "c@example.org"}],
            "bcc": [{"email": "d@example.org"}],
        })
    )  # fmt: skip
    found = emulator.messages()
    assert [(one["to"], one["role"]) for one in found] == [
        ("a@example.org", "to"), ("b@example.org", "to"), ("c@example.org", "cc"), ("d@example.org", "bcc"),
    ]  # fmt: skip
    assert len({one["sg_message_id"] for one in found}) == 4


def test_the_control_api_shows_messages_in_pages(emulator: Playground) -> None:
    for number in range(3):
        people = [recipient(f"r{number}.{n}@example.org", substitutions={"-n-": str(n)}) for n in range(4)]
        emulator.send(mail(*people, subject="Nr -n-", custom_args={"submission": str(number)}))
    assert emulator.control("GET", "/messages?offset=0&limit=0")["total"] == 12
    found = emulator.messages(offset=3, limit=3)
    assert [one["to"] for one in found] == ["r0.3@example.org", "r1.0@example.org", "r1.1@example.org"]
    assert [one["subject"] for one in found] == ["Nr 3", "Nr 0", "Nr 1"]
    assert "html" not in found[0]
    assert emulator.messages(offset=3, limit=1, full=1)[0]["html"] == "<p>Hello</p>"


def test_the_summary_counts_duplicates(emulator: Playground) -> None:
    for submission in ("1", "1", "2"):
        person = recipient("A@example.org", custom_args={"submission": submission, "delivery": "9"})
        emulator.send(mail(person, recipient(f"{submission}@example.org")))
    emulator.send(mail(subject=""))
    summary = emulator.control("GET", "/summary")
    assert summary["answers"] == {"202": 3, "400": 1}
    assert (summary["requests"], summary["messages"]) == (3, 6)
    assert (summary["unique_addresses"], summary["repeated_addresses"]) == (3, 3)
    assert summary["duplicates"] == 2
    assert emulator.control("GET", "/summary?arg=delivery")["duplicates"] == 3


def test_changes_need_the_control_header_and_a_local_name(emulator: Playground) -> None:
    assert emulator.call("POST", "/control/reset").status == 403
    assert emulator.call("DELETE", "/control/faults").status == 403
    assert emulator.call("GET", "/control/summary", headers={"Host": "evil.example"}).status == 403
    assert emulator.call("GET", "/", headers={"Host": "evil.example:80"}).status == 403
    assert emulator.call("GET", "/control/nothing").status == 404


def test_a_reset_forgets_everything(emulator: Playground) -> None:
    emulator.send(mail())
    emulator.fault("hang", count=5)
    emulator.api("POST", "/v3/asm/suppressions/global", {"recipient_emails": ["a@example.org"]})
    emulator.control("POST", "/reset")
    summary = emulator.control("GET", "/summary")
    assert (summary["messages"], summary["faults"], summary["answers"]) == (0, 0, {})
    assert set(summary["suppressions"].values()) == {0}
    assert emulator.send(mail()).status == 202
    assert len(emulator.messages()) == 1
