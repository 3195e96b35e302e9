"""What the settings say of cookies and TLS, for an installation behind https and for one on this machine."""

import json
import os
import subprocess
import sys

import pytest

ASKED = (
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SECURE_HSTS_SECONDS",
    "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN",
)
ASK = f"""
import json
from django.conf import settings
print(json.dumps([getattr(settings, name) for name in {ASKED!r}]))
"""


@pytest.mark.parametrize(
    ("public_url", "told"),
    [
        ("https://news.example.org", [True, True, 31_536_000, False]),
        ("http://127.0.0.1:8000", [False, False, 0, True]),
    ],
)
def test_tls_is_insisted_on_wherever_the_site_is_reached_by_it(public_url, told):
    environment = {**os.environ, "PUBLIC_URL": public_url, "DJANGO_SETTINGS_MODULE": "mailer.config.settings"}
    asked = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(asked.stdout.splitlines()[-1]) == told
