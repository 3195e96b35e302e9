"""Inviting people, giving and taking roles, and the last administrator."""

import re
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from mailer.staff.access.holding import CannotTake, administrators, take
from mailer.staff.models import Role
from tests.newsroom import make_issue
from tests.roles import somebody
from tests.staff.accounts.people import PASSWORD, is_signed_in, said, sign_in, with_password

pytestmark = pytest.mark.django_db
ADD = "/staff/auth/user/add/"


@pytest.fixture
def boss(client) -> User:
    boss = somebody("administrator", username="boss")
    client.force_login(boss)
    return boss


@pytest.fixture
def weekly():
    return make_issue(suffix="ours").newsletter


def roles_form(*roles, user=None, **fields):
    """What the page of a user posts: (role or None for a new one, name, newsletter, deleted)."""
    form = {"roles-TOTAL_FORMS": len(roles), "roles-INITIAL_FORMS": len([role for role, *_ in roles if role])}
    for number, (role, name, newsletter, deleted) in enumerate(roles):
        form |= {
            f"roles-{number}-id": role.pk if role else "",
            f"roles-{number}-user": user.pk if user else "",
            f"roles-{number}-name": name,
            f"roles-{number}-newsletter": newsletter.pk if newsletter else "",
        } | ({f"roles-{number}-DELETE": "on"} if deleted else {})
    return form | fields


def edit(client, user, *roles, **fields):
    form = {"email": user.email or "boss@example.org", "first_name": "", "last_name": "", "is_active": "on"}
    form = roles_form(*roles, user=user, **{**form, **fields})
    return client.post(
        f"/staff/auth/user/{user.pk}/change/", {k: v for k, v in form.items() if v is not None}
    )


def choose_password(client, link: str, password: str = PASSWORD):
    """Follow a link and choose a password, as its reader does."""
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    return client.post(page.request["PATH_INFO"], {"password1": password, "password2": password})


def test_somebody_is_invited_chooses_a_password_and_is_in(client, boss, weekly, mail_goes_out):
    form = roles_form((None, "editor", weekly, False), email="Ben@Example.org", first_name="Ben")
    page = client.post(ADD, form)
    ben = User.objects.get(username="ben@example.org")
    assert (ben.is_staff, ben.has_usable_password()) == (True, False)
    [role] = ben.roles.all()
    assert (role.name, role.newsletter) == ("editor", weekly)
    [message] = mail_goes_out.messages(full=True)
    link = page.context["invitation"].link
    assert message["to"] == "ben@example.org"
    assert link in message["text"]
    assert link in page.text
    assert said(ben) == ["Invited: Editor of The Weekly."]
    client.logout()
    assert choose_password(client, link).url == "/staff/"
    assert is_signed_in(client)
    client.logout()
    assert "This link is over" in choose_password(client, link, "somebody-elses-one").text
    sign_in(client, "ben@example.org")
    assert is_signed_in(client)


def test_where_no_mail_goes_out_the_link_is_there_to_copy(client, boss, settings):
    settings.EMAIL_BACKEND = "mailer.staff.accounts.mail.SendGridBackend"
    page = client.post(ADD, roles_form((None, "reader", None, False), email="ben@example.org"))
    assert "STAFF_MAIL_FROM" in page.text
    assert page.context["invitation"].link in page.text


@pytest.mark.parametrize(
    "address", ["no address", "boss@example.org", "BOSS@example.org", "a" * 150 + "@example.org"]
)
def test_an_address_has_one_account(client, boss, address):
    User.objects.filter(pk=boss.pk).update(email="boss@example.org")
    answer = client.post(ADD, roles_form((None, "reader", None, False), email=address))
    assert answer.context["adminform"].form.errors["email"]
    assert User.objects.count() == 1


def test_nobody_is_invited_without_a_role(client, boss):
    assert "Choose a role" in client.post(ADD, roles_form(email="ben@example.org")).text
    assert User.objects.count() == 1


def test_a_link_can_be_made_anew_and_the_page_explains_the_roles(client, boss, mail_goes_out, weekly):
    ben = with_password("reader", email="ben@example.org")
    page = f"/staff/auth/user/{ben.pk}/"
    shown = client.get(f"{page}change/").text
    assert "Sees nobody&#x27;s address" in shown
    assert client.get(f"{page}link/").status_code == 405
    link = client.post(f"{page}link/").context["invitation"].link
    assert mail_goes_out.addresses() == ["ben@example.org"]
    client.logout()
    choose_password(client, link, "a-new-sentence-of-mine")
    client.logout()
    sign_in(client, "ben@example.org", "a-new-sentence-of-mine")
    assert is_signed_in(client)
    assert said(ben)[0] == "Made a link to choose a password."


def test_a_forgotten_password_is_mailed_and_an_unknown_address_gets_nothing(client, mail_goes_out, weekly):
    with_password("reader")
    answers = [
        client.post("/account/password/reset/", {"email": address}, HTTP_HOST="127.0.0.1").url
        for address in ("Anna@example.org", "nobody@example.org")
    ]
    assert answers == ["/account/password/reset/done/"] * 2
    [message] = mail_goes_out.messages(full=True)
    assert message["to"].lower() == "anna@example.org"
    [link] = [word for word in message["text"].split() if "/password/reset/key/" in word]
    assert choose_password(client, link, "a-new-sentence-of-mine").url == "/staff/"
    assert is_signed_in(client)


def test_a_lost_second_factor_is_removed(client, boss):
    ben = with_password("reader", email="ben@example.org")
    Authenticator.objects.create(user=ben, type="totp", data={"secret": "x"})
    page = f"/staff/auth/user/{ben.pk}/second-factor/"
    assert client.get(page).status_code == 405
    listed = client.get("/staff/auth/user/")
    assert "Users | mailer" in listed.text
    factors = re.findall(r"field-second_factor[^>]*>([^<]*)<", listed.text)
    assert [factor.strip() for factor in factors] == [
        "no",
        "yes",
    ]  # a word: that the boss has none is nothing bad
    client.post(page)
    assert not Authenticator.objects.exists()
    assert said(ben) == ["Removed the second factor: the password alone is enough."]


def test_a_new_password_does_not_stand_in_for_a_second_factor(client, boss):
    ben = with_password("reader", email="ben@example.org")
    Authenticator.objects.create(user=ben, type="totp", data={"secret": "x"})
    link = client.post(f"/staff/auth/user/{ben.pk}/link/").context["invitation"].link
    client.logout()
    answer = choose_password(client, link, "a-new-sentence-of-mine")
    assert answer.url.split("?")[0] == "/account/2fa/authenticate/"
    assert not is_signed_in(client)


def test_ones_own_second_factor_is_removed_where_the_password_is_asked_for(client, boss):
    Authenticator.objects.create(user=boss, type="totp", data={"secret": "x"})
    assert client.post(f"/staff/auth/user/{boss.pk}/second-factor/").url == "/account/2fa/"
    assert Authenticator.objects.exists()


def test_roles_are_changed_and_the_change_is_written_down(client, boss, weekly):
    ben = with_password("reader", email="ben@example.org")
    role = ben.roles.get()
    edit(client, ben, (role, "editor", weekly, False), (None, "marketer", None, False))
    assert {(held.name, held.newsletter) for held in ben.roles.all()} == {
        ("editor", weekly),
        ("marketer", None),
    }
    [sentence] = said(ben)
    assert "Marketer of all newsletters" in sentence
    assert "Editor of The Weekly" in sentence


def test_the_same_role_twice_is_refused(client, boss):
    ben = with_password(email="ben@example.org")
    answer = edit(client, ben, (None, "reader", None, False), (None, "reader", None, False))
    assert answer.status_code == 200
    assert not ben.roles.exists()


@pytest.mark.parametrize("how", ["deleted", "lowered", "narrowed", "off"])
def test_nobody_ends_their_own_administration(client, boss, weekly, how):
    somebody("administrator")
    role = boss.roles.get()
    given = {
        "deleted": (role, "administrator", None, True),
        "lowered": (role, "editor", None, False),
        "narrowed": (role, "administrator", weekly, False),
        "off": (role, "administrator", None, False),
    }[how]
    answer = edit(client, boss, given, is_active=None if how == "off" else "on")
    assert "Ask another administrator" in answer.text
    boss.refresh_from_db()
    assert boss.is_active
    assert boss.has_perm("auth.change_user")


def test_another_administrator_may_end_it(client, boss):
    other = somebody("administrator")
    User.objects.filter(pk=other.pk).update(email="other@example.org")
    other.refresh_from_db()
    assert edit(client, other, (other.roles.get(), "reader", None, False)).status_code == 302
    assert other.roles.get().name == "reader"


def test_the_last_administrator_stays_at_the_command_line_too():
    boss = somebody("administrator", "editor", username="boss")
    with pytest.raises(CannotTake, match="last administrator"):
        take(boss, Role.Name.ADMINISTRATOR, None)
    with pytest.raises(CommandError, match="last administrator"):
        call_command("role", "take", "boss", "administrator")
    assert take(boss, Role.Name.EDITOR, None)
    User.objects.create_superuser("root")
    assert take(boss, Role.Name.ADMINISTRATOR, None)
    assert not boss.roles.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_end_in_the_same_moment_one_stays():
    names = [somebody("administrator").pk for _ in range(2)]

    def end(number: int) -> bool:
        try:
            return take(User.objects.get(pk=number), Role.Name.ADMINISTRATOR, None)
        except CannotTake:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as together:
        assert sorted(together.map(end, names)) == [False, True]
    assert administrators().count() == 1


def test_users_are_never_deleted(client, boss):
    ben = with_password("reader")
    assert client.post(f"/staff/auth/user/{ben.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("query", ["password__startswith=pbkdf2", "password__regex=."])
def test_passwords_cannot_be_guessed_by_filtering(client, boss, query):
    with_password("reader")
    assert client.get(f"/staff/auth/user/?{query}").status_code == 400


def test_the_command_invites_gives_and_takes(weekly, mail_goes_out):
    out = StringIO()
    call_command("invite", "Cleo@example.org", "--role", "editor", "--newsletter", weekly.slug, stdout=out)
    cleo = User.objects.get()
    assert mail_goes_out.addresses() == ["cleo@example.org"]
    assert "/account/password/reset/key/" in out.getvalue()
    call_command("invite", "cleo@example.org", "--role", "reader", stdout=out)
    call_command("role", "give", "cleo@example.org", "marketer", "--newsletter", weekly.slug, stdout=out)
    call_command("role", "take", "cleo@example.org", "reader", stdout=out)
    call_command("role", "list", stdout=out)
    assert {role.name for role in cleo.roles.all()} == {"editor", "marketer"}
    assert "Marketer of The Weekly" in out.getvalue()
    assert said(cleo)[0] == "Invited at the command line."


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (["invite", "nothing", "--role", "editor"], "valid"),
        (["invite", "a@example.org", "--role", "editor", "--newsletter", "none"], "none"),
        (["role", "give", "nobody", "editor"], "mailer role list"),
    ],
)
def test_the_commands_say_what_is_wrong(command, problem):
    with pytest.raises(CommandError, match=problem):
        call_command(*command)
    assert not User.objects.exists()
