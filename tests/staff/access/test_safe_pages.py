"""What holds for all pages: GET changes nothing, no page holds a script of its own, every answer carries its headers."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from tests.staff.access.test_every_address import ACCOUNT, ADDRESSES, OF_THE_STAFF, PUBLIC, ROWS, path_of
from tests.staff.access.world import make_world
from tests.staff.accounts.people import PASSWORD, sign_in

pytestmark = pytest.mark.django_db
OURS = ("/static/", "/staff/jsi18n/")
"""Where scripts come from; the second is Django's, its words."""
MOVES = {"django_session"}
"""Tables that a visit may change."""


class Scripts(HTMLParser):
    """What of a page would run without being a file of the site."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.found.append(f"<script> without src: {given}")
        if tag == "script" and not (given.get("src") or "/static/").startswith(OURS):
            self.found.append(f"a script from elsewhere: {given['src']}")
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {name}={value!r}>")


def scripts_in(page: str) -> list[str]:
    parser = Scripts()
    parser.feed(page)
    return parser.found


def rows() -> dict[str, str]:
    """By table: a digest of all that stands in it."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - MOVES
        found = {}
        for table in sorted(tables):
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {connection.ops.quote_name(table)} t"
            )
            [found[table]] = cursor.fetchone()
    return found


def everywhere(world) -> list[str]:
    """Every address that can be asked for, those of the staff and of one's own account."""
    pages = [path_of(name, row, world) for name, row in ROWS.items()]
    for name in (*OF_THE_STAFF, *ACCOUNT, *PUBLIC):
        given = dict.fromkeys(ADDRESSES[name].arguments, 1)
        if "app_label" in given:
            given["app_label"] = "issues"
        pages.append(f"/{name}" if "/" in name else reverse(name, kwargs=given))
    return [page for page in pages if "logout" not in page]


@pytest.fixture
def boss(client) -> User:
    boss = User.objects.create_superuser("boss", "boss@example.org", PASSWORD)
    sign_in(client, "boss")
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return boss


def test_get_changes_nothing_and_no_page_holds_a_script_of_its_own(client, boss) -> None:
    world = make_world("ours")
    client.raise_request_exception = False
    before, found, seen = rows(), [], 0
    for page in everywhere(world):
        answer = client.get(page)
        assert answer.status_code < 500, page
        if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
            continue
        policy = answer.headers["Content-Security-Policy"]
        if "'unsafe-inline'" in re.sub(
            r"style-src [^;]*", "", policy
        ) or "object-src 'none'" not in policy + (
            "object-src 'none'" if "default-src 'none'" in policy else ""
        ):
            found.append(f"{page}: {policy}")
        found += [f"{page}: {script}" for script in scripts_in(answer.text)]
        seen += answer.status_code == 200
    after = rows()
    assert not found, "\n".join(found)
    assert {table for table in before if before[table] != after[table]} == set()
    assert seen > 90


def test_pages_on_the_way_in_hold_no_script_of_their_own(client) -> None:
    for name in PUBLIC:
        given = dict.fromkeys(ADDRESSES[name].arguments, "1")
        answer = client.get(f"/{name}" if "/" in name else reverse(name, kwargs=given))
        assert scripts_in(answer.text) == [], name
        assert (
            "'unsafe-inline'" not in answer.headers["Content-Security-Policy"].partition("script-src")[2]
        ), name


def test_what_is_looked_for_would_be_found() -> None:
    page = '<script>x()</script><a onclick="x()" href=" JavaScript:x()">a</a><script src="https://x.example/a.js"></script>'
    assert len(scripts_in(page)) == 4
    assert scripts_in('<script src="/static/a.js"></script><script type="application/json">{}</script>') == []


def test_answers_carry_what_keeps_others_out(client, boss) -> None:
    answer = client.get("/staff/audit/")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "'unsafe-eval'" in answer.headers["Content-Security-Policy"]
    assert "'unsafe-eval'" not in client.get("/nothing-here/").headers["Content-Security-Policy"]


def test_cookies_are_out_of_reach_of_other_sites_and_the_session_of_scripts_too(
    client, boss, settings
) -> None:
    client.get("/account/password/change/")
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        assert client.cookies[name]["samesite"] == "Lax"
    assert client.cookies[settings.SESSION_COOKIE_NAME]["httponly"]


def test_over_tls_cookies_go_over_tls_alone_and_browsers_are_told_to_stay_there() -> None:
    secure = {"SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True, "SECURE_HSTS_SECONDS": 31_536_000}
    User.objects.create_superuser("boss", "boss@example.org", PASSWORD)
    with override_settings(**secure):
        client = Client(headers={"X-Forwarded-Proto": "https"})
        answer = client.get("/account/login/")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        sign_in(client, "boss")
        assert all(cookie["secure"] for name, cookie in client.cookies.items() if name != "messages")


def test_a_form_without_its_token_is_refused() -> None:
    boss = User.objects.create_superuser("boss", "boss@example.org", PASSWORD)
    client = Client(enforce_csrf_checks=True)
    client.force_login(boss)
    world = make_world("ours")
    for name, row in ROWS.items():
        if row.post:
            assert client.post(path_of(name, row, world)).status_code == 403, name
    assert client.post("/staff/logout/").status_code == 403
    assert client.post("/account/login/", {"login": "boss", "password": PASSWORD}).status_code == 403
