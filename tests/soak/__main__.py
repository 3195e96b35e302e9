"""Break everything at random for as long as asked, then see whether everybody got their mail, once.

    python -m tests.soak [--seconds 1800] [--seed 7]

Servers, emulator, site, two workers and beat run as processes of their own under var/soak. Issues go out to a few
thousand people each while faults are drawn from the seed: what SendGrid answers, processes and servers that die or
are told to stop, editors who pause and cancel. At the end, or on Ctrl-C, the faults stop; when everything has come
to rest, the emulator's record of every message is compared with the ledger. The exit status is 1 when anybody is
lost or got two, or anything is left unknown.
"""

import argparse
import os
import random
import shutil
import sys

from rich.console import Console

from mailer.local import embedded
from mailer.local.shared_servers import shut_down
from tests.soak.grounds import Grounds


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=1_800, help="how long faults are drawn")
    parser.add_argument("--seed", type=int, default=7, help="what the faults are drawn from")
    options = parser.parse_args()
    folder = embedded.var_folder() / "soak"
    if folder.exists():  # of the last one, which may have been killed
        shut_down(folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    console = Console(highlight=False)
    with Grounds(folder).running() as grounds:
        os.environ.update(grounds.installation.environment)
        sys.exit(_soak(console, grounds, options.seconds, options.seed))


def _soak(console: Console, grounds: Grounds, seconds: float, seed: int) -> int:
    """Only now are there addresses for the settings. Returns the exit status."""
    import django

    django.setup()
    from tests.soak.soak import Soak
    from tests.soak.verdict import verdict

    grounds.start_processes()
    soak = Soak(grounds, random.Random(seed), console)
    try:
        soak.run(seconds)
    except KeyboardInterrupt:
        console.print("Stopped: no more faults; waiting until everything has come to rest (Ctrl-C: give up).")
    try:
        soak.come_to_rest()
    except KeyboardInterrupt:
        console.print("Given up: what follows is of sends that may still be under way.")
    found = verdict(soak)
    found.show(console, seed)
    return 0 if found.good else 1


if __name__ == "__main__":
    main()
