import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import tokens
from subscribers.tokens import BadToken, Scope

numbers = (st.integers(0, 2**32 - 1), st.integers(0, 2**63 - 1), st.integers(0, 2**32 - 1))


@given(st.sampled_from(Scope), *numbers)
def test_a_token_gives_back_its_numbers(scope, mailing_list, subscriber, origin):
    token = tokens.make(scope, mailing_list, subscriber, origin)
    assert len(token) == 40
    assert tokens.read(scope, token) == (mailing_list, subscriber, origin)


def test_a_token_is_good_for_its_own_scope_only():
    with pytest.raises(BadToken):
        tokens.read(Scope.MANAGE, tokens.make(Scope.VIEW, 1, 2, 3))


@given(st.integers(0, 39), st.characters(codec="ascii", categories=["L", "N"]))
def test_a_changed_token_is_refused(place, character):
    token = tokens.make(Scope.MANAGE, 1, 2, 3)
    changed = token[:place] + character + token[place + 1 :]
    if changed != token:
        with pytest.raises(BadToken):
            tokens.read(Scope.MANAGE, changed)


@given(st.text(max_size=60))
def test_rubbish_is_refused(text):
    with pytest.raises(BadToken):
        tokens.read(Scope.MANAGE, text)


def test_links_survive_a_new_secret_key(settings):
    token = tokens.make(Scope.MANAGE, 1, 2, 3)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-of-thirty-two-characters"
    assert tokens.read(Scope.MANAGE, token) == (1, 2, 3)


def test_a_token_with_anything_beside_it_is_refused():
    token = tokens.make(Scope.MANAGE, 1, 2, 3)
    for changed in (f" {token}", f"{token}\n", f"{token}=", f"{token[:9]} {token[9:]}", f"{token}!"):
        with pytest.raises(BadToken):
            tokens.read(Scope.MANAGE, changed)
