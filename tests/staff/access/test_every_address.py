"""Every address under /staff/ and /account/, as everybody who may come by: areas.py says what each may open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.roles import somebody
from tests.staff.access.areas import (
    ACCOUNT,
    OF_THE_STAFF,
    ON_THE_WAY,
    PUBLIC,
    ROLES,
    STAFF,
    Row,
)
from tests.staff.access.world import World, make_world, marked

pytestmark = pytest.mark.django_db
SHARED = ("segment", "snapshot", "topic")
"""What belongs to every newsletter."""
FURTHER = {"revision": 1}
"""Arguments after the first, by name."""
AWAY = ("/staff/login/", "/account/login/", "/staff/")
"""Whoever is led there did not get what they asked for."""


@dataclass(frozen=True)
class Address:
    """A pattern of the site: its name as areas.py has it, and the names of its arguments in order."""

    name: str
    arguments: tuple[str, ...]
    callback: Any


def addresses(
    patterns: Any = None, route: str = "", space: str = "", before: tuple[str, ...] = ()
) -> Iterator[Address]:
    """All there are under /staff/ and /account/."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        here = route + str(pattern.pattern)
        arguments = (
            *before,
            *(getattr(pattern.pattern, "converters", {}) or pattern.pattern.regex.groupindex),
        )
        if isinstance(pattern, URLResolver):
            inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern.url_patterns, here, inside, arguments)
        elif isinstance(pattern, URLPattern) and here.startswith(("staff/", "account/")):
            bare = "staff/.../<path:object_id>/" if here.endswith("/<path:object_id>/") else here
            yield Address(f"{space}{pattern.name}" if pattern.name else bare, arguments, pattern.callback)


ADDRESSES = {address.name: address for address in addresses()}
ROWS = {name: row for row in STAFF for name in row.names.split()}


def path_of(name: str, row: Row, world: World) -> str:
    """The address of a row's page about something in a world."""
    first, *others = ADDRESSES[name].arguments or [""]
    given = {first: world[row.of].pk} | {each: FURTHER[each] for each in others} if first else {}
    return reverse(name, kwargs=given) + (f"?{row.query}" if row.query else "")


def answer(client: Client, name: str, row: Row, world: World, post: bool = False) -> HttpResponseBase:
    """What the address answers; whatever was done is undone."""
    path = path_of(name, row, world)
    with transaction.atomic():
        if post or row.post:
            given = row.given.format(**{kind: thing.pk for kind, thing in world.items()})
            response = client.post(path, given, content_type="application/x-www-form-urlencoded")
        else:
            response = client.get(path, follow=True)
        transaction.set_rollback(True)
    return response


def tries() -> Iterator[tuple[str, Row, bool, str]]:
    """Each address with its row, whether it is posted to, and who may do that."""
    for name, row in ROWS.items():
        yield name, row, row.post, row.roles
        if row.posts is not None:
            yield name, row, True, row.posts


def how(response: HttpResponseBase) -> str:
    """Whether a page opened: "open", "closed", or what else there was."""
    led = [*getattr(response, "redirect_chain", ()), (getattr(response, "url", ""), 0)]
    if response.status_code == 403 or any(where.split("?")[0] in AWAY for where, _ in led):
        return "closed"
    fits = response.status_code in (200, 201, 204, 302, 400, 409, 415, 422, 423)
    return "open" if fits else f"{response.status_code}"


def browser(user: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


def test_every_address_stands_in_one_row() -> None:
    listed = [*ROWS, *OF_THE_STAFF, *ON_THE_WAY, *ACCOUNT, *PUBLIC]
    assert set(listed) == set(ADDRESSES), "add a row to areas.py for a new address"
    assert (
        len(listed)
        == len(set(listed))
        == sum(len(row.names.split()) for row in STAFF) + len(listed) - len(ROWS)
    )


def test_every_view_of_the_staff_site_asks_for_a_right_or_is_the_admins() -> None:
    staff = [address for address in addresses() if address.name.startswith(("staff:", "admin:", "staff/"))]
    bare = [a.name for a in staff if not hasattr(a.callback, "needs") and a.name.startswith("staff:")]
    assert bare == []
    assert len(staff) > 100


@pytest.mark.parametrize("letter", ROLES)
def test_each_role_opens_what_the_table_says_and_nothing_else(letter: str) -> None:
    world, client = make_world("ours"), browser(somebody(ROLES[letter]))
    wrong = []
    for name, row, post, roles in tries():
        found = how(answer(client, name, row, world, post))
        if found != ("open" if letter in roles else "closed"):
            wrong.append(f"{'POST' if post else 'GET'} {name}: {found}")
    assert not wrong, "\n".join(wrong)


def test_whoever_has_no_role_opens_nothing() -> None:
    world, client = make_world("ours"), browser(somebody())
    found = {(name, post): how(answer(client, name, row, world, post)) for name, row, post, _ in tries()}
    assert {at for at, how_ in found.items() if how_ != "closed"} == set()


def test_whoever_is_not_signed_in_is_sent_to_sign_in() -> None:
    world, client = make_world("ours"), browser(None)
    for name, row, post, _ in tries():
        response: Any = answer(client, name, row, world, post)
        where = response.redirect_chain[0][0] if hasattr(response, "redirect_chain") else response.url
        assert where.split("?")[0] == "/staff/login/", name
    for name in [*OF_THE_STAFF, *ACCOUNT]:
        if name in ("admin:jsi18n", "account_confirm_reauthentication_code"):
            continue  # the first holds words alone, the second is only there after a code was asked for
        given = dict.fromkeys(ADDRESSES[name].arguments, 1) | (
            {"app_label": "issues"} if name == "admin:app_list" else {}
        )
        path = f"/{name}" if "/" in name else reverse(name, kwargs=given)
        response = client.get(path, follow=True)
        assert response.redirect_chain, name
        assert response.redirect_chain[-1][0].split("?")[0] == "/account/login/", name


def test_whoever_is_not_of_the_staff_opens_nothing() -> None:
    world = make_world("ours")
    outsider = somebody("administrator")
    User.objects.filter(pk=outsider.pk).update(is_staff=False)
    client = browser(outsider)
    for name, row, post, _ in tries():
        assert how(answer(client, name, row, world, post)) == "closed", name


def test_roles_at_one_newsletter_open_it_and_nothing_of_another() -> None:
    ours, theirs = make_world("ours"), make_world("theirs")
    client = browser(somebody(*ROLES.values(), at=ours["newsletter"]))  # type: ignore[arg-type]
    wrong = []
    for name, row, post, roles in tries():
        mine = answer(client, name, row, ours, post)
        if how(mine) != ("open" if roles and not row.whole else "closed"):
            wrong.append(f"{name} of one's own: {how(mine)}")
        if not mine.streaming and marked("theirs") in mine.content.decode(errors="ignore"):  # type: ignore[attr-defined]
            wrong.append(f"{name} shows what is another's")
        if (
            row.of
            and row.of not in SHARED
            and how(answer(client, name, row, theirs)) not in ("closed", "404")
        ):
            wrong.append(f"{name} of another opens")
    assert not wrong, "\n".join(wrong)
