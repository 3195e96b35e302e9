"""How often anybody may sign up, and who they are taken for."""

from dataclasses import replace

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from subscribers.models import Letter, Subscriber
from subscribers.sign_up.limits import PER_ADDRESS, PER_NETWORK
from subscribers.sign_up.network import network_of, truncated
from tests.subscribers.signing_up import open_form, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    return open_form()


@pytest.fixture
def proxies(settings):
    def put_in_front(number):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, proxies=number)

    return put_in_front


def sign_up_from(client, address, number):
    return post(client, f"reader{number}@example.org", meta={"REMOTE_ADDR": address})


def test_a_network_is_turned_back_and_told_when_to_come_again(client, weekly):
    for number in range(PER_NETWORK.most):
        assert sign_up_from(client, f"203.0.113.{number}", number).status_code == 303
    answer = sign_up_from(client, "203.0.113.200", 200)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= PER_NETWORK.seconds
    assert "Too many sign-ups" in answer.text
    assert not Subscriber.objects.filter(email="reader200@example.org").exists()
    assert sign_up_from(client, "203.0.114.1", 201).status_code == 303


def test_an_address_is_turned_back_whether_it_is_known_or_not(client, weekly):
    for number in range(PER_ADDRESS.most):
        meta = {"REMOTE_ADDR": f"203.0.{number}.1"}
        assert post(client, "Anna@example.org", meta=meta).status_code == 303
    assert post(client, "anna@example.org", meta={"REMOTE_ADDR": "198.51.100.1"}).status_code == 429
    assert Letter.objects.count() == 1


def test_the_json_endpoint_has_the_same_limits(client, weekly):
    for number in range(PER_NETWORK.most):
        sign_up_from(client, "203.0.113.1", number)
    body = {"email": "new@example.org", "wording": 1}
    answer = client.post(
        "/api/sign-up/weekly", body, content_type="application/json", REMOTE_ADDR="203.0.113.1"
    )
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["error"]["code"] == "too_many"


def test_no_address_stands_in_redis(client, weekly):
    post(client)
    keys = cache._cache.get_client().keys("*sign-up*")
    assert len(keys) == 2
    assert not any(b"anna" in key or b"127.0" in key for key in keys)


def test_without_redis_nobody_is_turned_back_and_the_hour_still_holds(client, weekly, settings, caplog):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }
    for _ in range(PER_ADDRESS.most + 2):
        assert post(client).status_code == 303
    assert Letter.objects.count() == 1
    assert "sign_up_not_counted" in caplog.text
    assert "anna" not in caplog.text


@pytest.mark.parametrize(
    ("number", "passed_on", "network"),
    [
        (0, "198.51.100.7", "203.0.113.0/24"),
        (1, "198.51.100.7", "198.51.100.0/24"),
        (1, "192.0.2.1, 198.51.100.7", "198.51.100.0/24"),
        (2, "192.0.2.1, 198.51.100.7, 10.0.0.1", "198.51.100.0/24"),
        (2, "198.51.100.7", "203.0.113.0/24"),
        (1, "", "203.0.113.0/24"),
        (1, "<script>", "unknown"),
    ],
)
def test_of_the_addresses_that_were_passed_on_only_those_of_trusted_proxies_count(
    proxies, number, passed_on, network
):
    proxies(number)
    headers = {"HTTP_X_FORWARDED_FOR": passed_on} if passed_on else {}
    assert network_of(RequestFactory().post("/", REMOTE_ADDR="203.0.113.9", **headers)) == network


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:7:ffff::1", "2001:db8:7::/48"),
        ("[2001:db8:7::1]", "2001:db8:7::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::1", "::/48"),
        ("", "unknown"),
        ("mail.example.org:8080", "unknown"),
        ("203.0.113.77:51234", "203.0.113.0/24"),
        ("[2001:db8:7:1::5]:443", "2001:db8:7::/48"),
    ],
)
def test_a_network_is_all_that_is_kept_of_an_address(address, network):
    assert truncated(address) == network


def test_csrf_is_not_what_turns_a_form_of_another_site_back(weekly):
    assert post(Client(enforce_csrf_checks=True), via="embed").status_code == 303
