"""What the account shows of its settings: all in order, as a check of the account hopes to find it."""

from typing import Any

from mailer.emulator.wire import Response, error_response, json_response

EVENTS = (
    "processed",
    "dropped",
    "deferred",
    "delivered",
    "bounce",
    "open",
    "click",
    "spam_report",
    "unsubscribe",
    "group_unsubscribe",
    "group_resubscribe",
)


def scopes(granted: frozenset[str]) -> Response:
    """GET /v3/scopes."""
    return json_response({"scopes": sorted(granted)})


def domains(sender: str) -> Response:
    """GET /v3/whitelabel/domains: the sender's domain, authenticated."""
    domain = sender.rpartition("@")[2]
    records = {
        "mail_cname": f"em1.{domain}",
        "dkim1": f"s1._domainkey.{domain}",
        "dkim2": f"s2._domainkey.{domain}",
    }
    dns = {
        name: {"valid": True, "type": "cname", "host": host, "data": f"{name}.emulator.localhost"}
        for name, host in records.items()
    }
    entry: dict[str, Any] = {
        "id": 1,
        "user_id": 1,
        "domain": domain,
        "subdomain": "em1",
        "username": "emulator",
        "ips": [],
        "custom_spf": False,
        "default": True,
        "legacy": False,
        "automatic_security": True,
        "valid": True,
        "dns": dns,
    }
    return json_response([entry])


def verified_senders(sender: str) -> Response:
    """GET /v3/verified_senders."""
    entry = {
        "id": 1,
        "nickname": "Emulator",
        "from_email": sender,
        "from_name": "Emulator",
        "reply_to": sender,
        "reply_to_name": "",
        "verified": True,
        "locked": False,
    }
    return json_response({"results": [entry]})


def webhooks(url: str | None, public_key: str) -> Response:
    """GET /v3/user/webhooks/event/settings/all."""
    hooks = []
    if url is not None:
        hooks.append(
            {
                "id": "emulator",
                "enabled": True,
                "url": url,
                "friendly_name": "Emulator",
                **dict.fromkeys(EVENTS, True),
                "oauth_client_id": "",
                "oauth_token_url": "",
                "public_key": public_key,
            }
        )
    return json_response({"max_allowed": 5, "webhooks": hooks})


def signed_webhook(public_key: str) -> Response:
    """GET /v3/user/webhooks/event/settings/signed."""
    return json_response({"id": "emulator", "public_key": public_key})


def tracking_setting(name: str) -> Response:
    """GET /v3/tracking_settings/{click,open,subscription}: the account's defaults, as SendGrid sets them."""
    known: dict[str, dict[str, Any]] = {
        "click": {"enabled": True, "enable_text": False},
        "open": {"enabled": True},
        "subscription": {"enabled": False, "html_content": "", "plain_content": "", "replace": "", "url": ""},
    }
    if name not in known:
        return error_response(404, "not found")
    return json_response(known[name])
