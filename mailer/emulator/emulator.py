"""The emulator without its HTTP: the parts, wired, and what happens to a request for mail."""

import secrets
import threading
import time
from collections import Counter

from mailer.emulator.accepted import RequestStore
from mailer.emulator.account import Account
from mailer.emulator.config import EmulatorConfig
from mailer.emulator.events import EventPoster
from mailer.emulator.faults import Fault, Faults
from mailer.emulator.happenings import Happenings
from mailer.emulator.limits import FieldError, refused
from mailer.emulator.logs import EmailLogs
from mailer.emulator.mail_send import Readable, Refusal, read_mail_send
from mailer.emulator.personalizations import INVALID_ADDRESS, ROLES
from mailer.emulator.signing import encode_public_key, load_signing_key
from mailer.emulator.suppressions import Suppressions
from mailer.emulator.wire import Request, Response, errors_response


class Emulator:
    """One emulated SendGrid account. Raises EmulatorError where the configuration cannot work."""

    def __init__(self, config: EmulatorConfig) -> None:
        self.config = config
        key = load_signing_key(config.signing_key, config.store)
        self.public_key = encode_public_key(key)
        self.requests = RequestStore(config.store)
        self.suppressions = Suppressions(config.store)
        self.account = Account(config.sender)
        self.faults = Faults()
        self.happenings = Happenings(config.world, self.requests, self.suppressions, config.store)
        self.poster = EventPoster(key, config.webhook_url, config.delivery, self.happenings.posted)
        self.logs = EmailLogs(self.requests, self.happenings, config.log_delay)
        self.form_token = secrets.token_urlsafe(24)
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._answers: Counter[str] = Counter()
        # Checks take turns. Threads that take turns by the interpreter's clock instead, in the middle of parsed
        # bodies of megabytes, push each other's out of the processor's cache: measured at twice the time.
        self._checking = threading.Lock()

    def start(self) -> None:
        """Start the world and the posting of events."""
        self.poster.start()
        self.happenings.start(self.poster)

    def stop(self) -> None:
        """End both, and whatever waits for a fault to end."""
        self.stopping.set()
        self.happenings.stop()
        self.poster.stop()
        self.requests.close()

    def reset(self) -> None:
        """Forget messages, suppressions, faults, events and counts. World, webhook and account stay as they are."""
        self.faults.clear()
        self.happenings.clear()
        with self._lock:
            self._answers.clear()

    def count(self, answer: str) -> None:
        """Count an answer to a request for mail: its status, or what happened instead of one."""
        with self._lock:
            self._answers[answer] += 1

    @property
    def answers(self) -> dict[str, int]:
        """How often each answer was given to a request for mail."""
        with self._lock:
            return dict(sorted(self._answers.items()))

    def mail_send(self, request: Request, fault: Fault | None) -> Response:
        """Check a request for mail and, where it is in order, take it: all or nothing."""
        now = time.time()
        with self._checking:
            read = read_mail_send(request.body, request.headers.get("content-type", ""), now)
            if isinstance(read, Refusal):
                return errors_response(read.status, read.errors)
            place = self.faults.strike_recipient(read.addresses)
            if place is not None:
                return errors_response(400, (_named(read, place),))
            addresses, sandbox = read.addresses, read.sandbox
            del read  # the parsed body, while it is this thread's turn
        if sandbox:
            return Response(200, b"", "text/plain; charset=utf-8")
        request_id = secrets.token_urlsafe(16)
        self.requests.add(request_id, now, request.body, addresses)
        self.happenings.wake()
        headers = {} if fault is not None and fault.kind == "no_message_id" else {"X-Message-Id": request_id}
        return Response(202, b"", "text/plain; charset=utf-8", headers)


def _named(read: Readable, place: int) -> FieldError:
    """The refusal of recipient number `place`, named as SendGrid names it."""
    recipients = (
        f"personalizations.{number}.{role}"
        for number, item in enumerate(read.body["personalizations"])
        for role in ROLES
        for _ in item.get(role) or ()
    )
    return refused(next(field for count, field in enumerate(recipients) if count == place), INVALID_ADDRESS)
