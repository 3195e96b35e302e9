"""The suite's servers: the embedded ones under `var/tests`, or those that the environment names.

A pytest plugin rather than a conftest, because pytest-django reads the settings before any conftest is loaded.
Workers of pytest-xdist inherit the environment, so they share the servers that the first process started.
"""

import atexit
import os
from contextlib import ExitStack

from mailer.local import embedded, postgres_server
from tests.prepared import PLACE

_servers = ExitStack()
atexit.register(_servers.close)

os.environ.setdefault("MAILER_VAR", str(embedded.var_folder() / "tests"))
os.environ.setdefault(PLACE, os.environ["MAILER_VAR"])
# Nobody listens there: a test that sends starts an emulator and says where.
os.environ.setdefault("SENDGRID_API_KEY", "SG.test")
os.environ.setdefault("SENDGRID_HOST", "http://127.0.0.1:9")
# What is in the suite's database is thrown away: it need not survive a power cut.
postgres_server.OPTIONS["fsync"] = "off"
_servers.enter_context(embedded.environment(os.environ))
del postgres_server.OPTIONS["fsync"]  # a test's own servers are as an installation's
os.environ.pop("MAILER_MIGRATE", None)

# Each worker of pytest-xdist has a Redis database of its own, as it has one in PostgreSQL.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{1 + int(_worker)}"
os.environ["CELERY_BROKER_URL"] = os.environ["REDIS_URL"]
