"""The inbox page: what it shows, and what it does not let a hostile mail do."""

import re

import pytest

from mailer.emulator.outgoing import post_one_click
from mailer.emulator.preview import framed, preheader, preview_text
from tests.emulator.playground import Playground, Webhook, mail, recipient

EVIL = "<script>alert(1)</script>"
ONE_CLICK = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def test_an_empty_inbox_says_what_appears_here(emulator: Playground) -> None:
    page = emulator.call("GET", "/")
    assert page.status == 200
    assert "No mail yet." in page.body.decode()


def test_messages_are_listed_newest_first_in_pages(emulator: Playground) -> None:
    for number in range(3):
        emulator.send(mail(*[recipient(f"r{number}.{n}@example.org") for n in range(40)]))
    first = emulator.call("GET", "/").body.decode()
    assert "1–50 of 120" in first
    assert first.count("<li>\n    <a") == 50
    assert first.index("r2.39@example.org") < first.index("r1.39@example.org")
    assert "101–120 of 120" in emulator.call("GET", "/?page=3").body.decode()
    assert emulator.call("GET", "/?page=99999999999").status == 200


def test_a_search_finds_addresses_and_subjects(emulator: Playground) -> None:
    people = [recipient(f"{name}@example.org", substitutions={"-n-": name}) for name in ("ann", "bob")]
    emulator.send(mail(*people, subject="Digest for -n-"))
    emulator.send(mail(recipient("carl@example.org"), subject="第七期 中国"))
    assert "1–1 of 1" in emulator.call("GET", "/?q=BOB%40EXAMPLE").body.decode()
    assert "1–1 of 1" in emulator.call("GET", "/?q=for%20ann").body.decode()
    assert "carl@example.org" in emulator.call("GET", "/?q=%E4%B8%AD%E5%9B%BD").body.decode()
    assert "No mail has this" in emulator.call("GET", "/?q=nobody").body.decode()


def test_everything_from_a_mail_is_escaped(emulator: Playground) -> None:
    emulator.send(
        mail(
            {
                "to": [{"email": "a@example.org", "name": EVIL}],
                "headers": {"X-Evil": EVIL, "List-Unsubscribe": f"<javascript:alert(1)>, {EVIL}"},
                "custom_args": {EVIL: EVIL},
            },
            subject=EVIL,
            categories=[EVIL],
            content=[{"type": "text/plain", "value": EVIL}, {"type": "text/html", "value": EVIL}],
            **{"from": {"email": "news@example.com", "name": EVIL}},
        )
    )
    paths = ["/", "/?q=%3Cscript%3Ealert(1)", *(f"/messages/0?view={view}" for view in (
        "desktop", "phone", "text", "headers", "source", EVIL))]  # fmt: skip
    for path in paths:
        page = emulator.call("GET", path.replace("<", "%3C").replace(">", "%3E"))
        assert page.status == 200
        assert "<script" not in page.body.decode()
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in emulator.call("GET", "/").body.decode()


def test_a_mails_html_is_served_in_a_sandbox(emulator: Playground) -> None:
    emulator.send(mail(content=[{"type": "text/html", "value": f"<html><head></head><p>{EVIL}</p>"}]))
    page = emulator.call("GET", "/messages/0/body")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "https:" not in policy
    assert " https:" in emulator.call("GET", "/messages/0/body?images=all").headers["content-security-policy"]
    frame = re.search(r"<iframe[^>]*>", emulator.call("GET", "/messages/0").body.decode())
    assert frame is not None
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame.group()


def test_only_a_letter_needs_no_button_to_unsubscribe(emulator: Playground) -> None:
    emulator.send(mail({"to": [{"email": "li@example.org"}]}))
    emulator.send(mail({"to": [{"email": "li@example.org"}]}, categories=["letter"]))
    issue, letter = (emulator.call("GET", f"/messages/{n}").body.decode() for n in (0, 1))
    assert "mail programs show no button" in issue
    assert "mail programs show no button" not in letter
    assert "it needs no unsubscribe button" in letter


def test_one_message_shows_what_its_recipient_sees(emulator: Playground) -> None:
    html = (
        '<html><head><title>T</title></head><body><div style="display:none">Seven stories&#847;&zwnj;</div>'
        "<p>Dear -name-</p></body></html>"
    )
    emulator.send(
        mail(
            {
                "to": [{"email": "li@example.org", "name": "李娜"}],
                "substitutions": {"-name-": "李娜"},
                "custom_args": {"delivery": "42"},
                "headers": {"List-Unsubscribe": "<https://news.example.com/u/1>", **ONE_CLICK},
            },
            content=[{"type": "text/plain", "value": "Dear -name-"}, {"type": "text/html", "value": html}],
        )
    )
    page = emulator.call("GET", "/messages/0").body.decode()
    assert "Seven stories</p>" in page
    assert "delivery</dt><dd>42" in page
    assert "not on this machine" in page
    assert "Dear 李娜" in emulator.call("GET", "/messages/0/body").body.decode()
    assert "Dear 李娜" in emulator.call("GET", "/messages/0?view=text").body.decode()
    headers = emulator.call("GET", "/messages/0?view=headers").body.decode()
    assert "李娜 &lt;li@example.org&gt;" in headers
    assert "&lt;https://news.example.com/u/1&gt;" in headers
    assert "Dear 李娜" in emulator.call("GET", "/messages/0?view=source").body.decode()


def test_the_button_posts_the_one_click_address(emulator: Playground, webhook: Webhook) -> None:
    headers = {"List-Unsubscribe": f"<{webhook.url}/u/token>", **ONE_CLICK}
    emulator.send(mail(recipient("a@example.org", headers=headers)))
    page = emulator.call("GET", "/messages/0").body.decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert emulator.call("POST", "/messages/0/unsubscribe", b"token=wrong", form).status == 403
    assert webhook.posts == []
    answer = emulator.call("POST", "/messages/0/unsubscribe", f"token={token.group(1)}".encode(), form)
    assert answer.status == 303
    assert [body for _, body in webhook.posts] == [b"List-Unsubscribe=One-Click"]
    assert "unsubscribed." in emulator.call("GET", answer.headers["location"]).body.decode()


def test_no_other_machine_is_called(webhook: Webhook) -> None:
    assert post_one_click(webhook.url) == 204
    # Another way to write the same address: what is not plainly this machine is left alone.
    assert post_one_click(webhook.url.replace("127.0.0.1", "127.1")) is None
    assert post_one_click("http://[") is None
    assert len(webhook.posts) == 1


@pytest.mark.parametrize(
    "path", ["/messages/0", "/messages/-1", "/messages/x", "/messages/²", "/nothing", "/messages/0/body"]
)
def test_what_is_not_there_is_404(emulator: Playground, path: str) -> None:
    assert emulator.call("GET", path.replace("²", "%C2%B2")).status == 404


def test_the_stylesheet_is_our_own(emulator: Playground) -> None:
    sheet = emulator.call("GET", "/inbox.css")
    assert sheet.headers["content-type"].startswith("text/css")
    assert b"prefers-color-scheme: dark" in sheet.body
    assert b"http" not in sheet.body


def test_a_preview_is_the_first_words_without_code_and_padding() -> None:
    source = (
        "<html><head><title>No</title><style>p{}</style></head><body><!-- no --><!--[if mso]>no<![endif]-->"
        "<style>no</style><p>Fish &amp; chips&#8203;&zwnj;&#847;\n soon</p><script>no</script></body>"
    )
    assert preview_text(source, None) == "Fish & chips soon"
    assert preview_text(None, "a\n\nb") == "a b"
    assert preheader(source) is None
    assert preheader('<body><div class="x" style="DISPLAY: none;">First&nbsp;words</div>') == "First words"


def test_links_open_beside_the_inbox_and_nothing_else_changes() -> None:
    assert framed('<!doctype html><html><head lang="x"><p>') == (
        '<!doctype html><html><head lang="x"><base target="_blank"><p>'
    )
    assert framed("<p>") == "<p>"
