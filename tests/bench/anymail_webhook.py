"""Baseline: django-anymail's SendGrid tracking webhook, with a receiver that saves each event with the ORM.

    BASELINE_DATABASE=postgres://… BASELINE_KEY=MFkw… python -m tests.bench.anymail_webhook --port 8001

It has settings of its own in its own process; mailer's are not touched. Served as `mailer web` is: granian, one
process, eight threads. It verifies signatures. What is repeated is saved again: nothing in it tells that apart.
"""

import argparse
import os

from granian import Granian
from granian.constants import Interfaces

from mailer.local.parent import end_with_parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    end_with_parent(os.environ)
    # The table is made here; the process that serves is another one, and sets Django up for itself.
    from tests.bench.anymail_app import make_table

    make_table()
    Granian(
        "tests.bench.anymail_app:application",
        address="127.0.0.1",
        port=options.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=8,
    ).serve()


if __name__ == "__main__":
    main()
