"""Sends and faults, one after the other, for a while; then everything comes to rest."""

import random
import signal
import subprocess
from datetime import timedelta
from time import monotonic, sleep

from django.db import connection
from django.utils import timezone
from rich.console import Console

from mailer.delivery.evidence import LOOK_AGAIN, LOOKS, SAFE_WAIT, look_for_evidence
from mailer.delivery.settle import expire_claims
from mailer.emulator.config import LOCAL_API_KEY
from mailer.local.processes import GRACE
from mailer.local.waiting import wait_until
from mailer.sendgrid.client import SendGrid
from tests.soak.evidence import Ageing, make_older
from tests.soak.faults import LONGEST_LATENCY, Faults
from tests.soak.grounds import SERVICES, TIMEOUT, WORKERS, Grounds
from tests.soak.sends import Sends, patiently

STEP = 0.1
"""Seconds between two looks."""
SHORTEST, LONGEST = 0.2, 2.0
"""Seconds between two faults."""
BETWEEN_SENDS = 5.0
"""Seconds, at least."""
BETWEEN_LINES = 10.0
"""Seconds between two lines that tell how it goes."""
ROUNDS = 5
"""How often to settle what is unknown and send what was not taken, before what is left counts as left."""
REST = 240
"""Seconds that a round may take."""


class Soak:
    """One soak: `run`, then `come_to_rest`."""

    def __init__(self, grounds: Grounds, draw: random.Random, console: Console) -> None:
        self.grounds = grounds
        self.sends = Sends(draw)
        self.faults = Faults(grounds, self.sends, draw)
        self.fallen: list[str] = []
        """Processes that ended by themselves."""
        self._ageing = Ageing()
        self._draw = draw
        self._console = console
        self._began = self._told = monotonic()

    def run(self, seconds: float) -> None:
        """Make sends and break things."""
        self._began = self._told = monotonic()
        next_send = next_fault = self._began
        while (now := monotonic()) < self._began + seconds:
            if now >= next_send:
                self.sends.make()
                next_send = monotonic() + BETWEEN_SENDS
            self._tend()
            if now >= next_fault:
                self.faults.next()
                next_fault = monotonic() + self._draw.uniform(SHORTEST, LONGEST)
            sleep(STEP)

    def come_to_rest(self) -> None:
        """No more faults: settle, send, and wait, until nothing is left to do."""
        self.grounds.inbox.recover()
        self.grounds.redis.start()
        self.grounds.postgres.start()
        connection.close()  # the last fault may have cut it
        for _ in range(ROUNDS):
            self._settle()
            self.grounds.start_processes()
            wait_until(self._stands, REST)
            if not self.sends.open:
                return

    def _tend(self) -> None:
        """What a supervisor, an editor and time do."""
        self._raise_fallen()
        self.sends.resume()
        patiently(self._ageing.pass_time)
        self.sends.look()
        if monotonic() - self._told >= BETWEEN_LINES:
            self._told = monotonic()
            self._console.print(
                f"{self._told - self._began:6.0f} s  {len(self.sends.sizes):5} sends  "
                f"{sum(self.sends.sizes.values()):9,} people  {self.sends.accepted:9,} accepted  "
                f"{self.sends.waiting:6,} waiting  {self.sends.unknown:6,} unknown  "
                f"{self.faults.counts.total():5} faults",
                soft_wrap=True,
            )

    def _raise_fallen(self) -> None:
        for name in self.grounds.installation.ended:
            if name not in SERVICES:
                raise RuntimeError(f"The {name} ended: without its record there is nothing to compare.")
            self.fallen.append(name)
            self.grounds.installation.end(name)
            self.grounds.installation.start(name, patient=False)

    def _stands(self) -> bool:
        """Whether nothing is left that could go out without evidence."""
        self._tend()
        return self.sends.waiting == 0

    def _settle(self) -> None:
        """With no worker there and no request on its way, nothing that is unknown can become accepted any more."""
        for name in WORKERS:
            if name in self.grounds.installation.running:
                try:
                    self.grounds.installation.kill(name, signal.SIGTERM, limit=TIMEOUT + GRACE)
                except subprocess.TimeoutExpired:
                    self.faults.late.append(name)
        sleep(LONGEST_LATENCY + 1)  # what a killed worker had asked for is taken, if at all
        make_older(timedelta(hours=1))
        expire_claims()
        client = SendGrid(LOCAL_API_KEY, self.grounds.inbox.url)
        moment = timezone.now() + SAFE_WAIT
        for _ in range(LOOKS):
            moment += LOOK_AGAIN + timedelta(seconds=1)
            look_for_evidence(client, moment, limit=10_000)
        client.close()
