"""What a recipient of /v3/mail/send costs the emulator, beside a bare server that only reads.

Run as `python -m tests.bench.emulator_intake [requests]`. Client and servers share the machine's cores, and
both servers get the same load in turns; the emulator checks every request and keeps it, with its world off, as
`mailer emulator --no-events --forget` does. The server's own CPU time per recipient counts: it hardly changes
when somebody else uses the machine. Memory is given after the first round and after the last.
"""

import http.client
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection

import orjson
import psutil

from mailer.emulator.config import EmulatorConfig, EmulatorWorld
from mailer.emulator.server import EmulatorServer, collect_rarely

ROUNDS = 5
CLIENTS = 4
PEOPLE = 1000
TARGET = 4.0


def body(number: int) -> bytes:
    """A request as a send makes it: 1,000 personalizations of about 600 bytes, 20 KB of HTML."""
    people = [
        {
            "to": [{"email": f"reader{number}.{place}@example.com", "name": f"Reader {place}"}],
            "custom_args": {"mailer_subscriber": str(number * PEOPLE + place)},
            "headers": {
                "List-Unsubscribe": f"<https://news.example.com/u/{'t' * 64}{place}>, <mailto:leave@example.com>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            "substitutions": {f"-tag{tag}-": f"a value of some length {tag}" for tag in range(6)},
        }
        for place in range(PEOPLE)
    ]
    message = {
        "personalizations": people,
        "from": {"email": "news@example.com", "name": "News"},
        "subject": "This week, -tag0-",
        "custom_args": {"mailer_send": "17", "mailer_submission": f"{number:036}"},
        "content": [
            {"type": "text/plain", "value": "Hello -tag1-\n" * 300},
            {
                "type": "text/html",
                "value": '<p>-tag2- <a href="https://example.com/story">story</a></p>' * 300,
            },
        ],
    }
    return orjson.dumps(message)


class _Bare(BaseHTTPRequestHandler):
    """Reads the body and answers 202."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        pass


def _serve_bare(pipe: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Bare)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _report(pipe, server.server_port)


def _serve_emulator(pipe: Connection) -> None:
    collect_rarely()
    with EmulatorServer(EmulatorConfig(port=0, world=EmulatorWorld(enabled=False))) as server:
        _report(pipe, server.port)


def _report(pipe: Connection, port: int) -> None:
    """Tells the port, and the CPU seconds and the bytes used whenever it is asked, until told to stop."""
    pipe.send(port)
    while pipe.recv() != "stop":
        pipe.send((time.process_time(), psutil.Process().memory_info().rss))


class Measured:
    """A server in a process of its own, with what was measured of it."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.port: int = pipe.recv()
        self.by_clock: list[float] = []
        self.by_cpu: list[float] = []
        self.memory: list[float] = []

    def used(self) -> tuple[float, float]:
        """CPU seconds so far, and megabytes of memory."""
        self.pipe.send("used")
        seconds, size = self.pipe.recv()
        return seconds, size / 1e6

    def take(self, bodies: list[bytes]) -> None:
        """Sends all bodies over CLIENTS connections and notes the microseconds per recipient."""
        recipients = len(bodies) * PEOPLE
        (before, _), started = self.used(), time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda place: _send(self.port, bodies[place::CLIENTS]), range(CLIENTS)))
        self.by_clock.append((time.perf_counter() - started) / recipients * 1e6)
        after, memory = self.used()
        self.by_cpu.append((after - before) / recipients * 1e6)
        self.memory.append(memory)

    def line(self, name: str) -> str:
        cpu, low, high = statistics.median(self.by_cpu), min(self.by_cpu), max(self.by_cpu)
        return (
            f"{name:12} {cpu:6.2f} µs of CPU per recipient ({low:.2f} to {high:.2f}), "
            f"{statistics.median(self.by_clock):6.2f} µs by the clock, "
            f"{self.memory[0]:.0f} MB, {self.memory[-1]:.0f} MB at the end"
        )


@contextmanager
def _running(serve: object) -> Iterator[Measured]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,))  # type: ignore[arg-type]
    process.start()
    theirs.close()  # a server that dies at its start is an EOFError here, not a wait for ever
    try:
        yield Measured(ours)
    finally:
        ours.send("stop")
        process.join()


def _send(port: int, bodies: list[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": "Bearer SG.local", "Content-Type": "application/json"}
    for item in bodies:
        connection.request("POST", "/v3/mail/send", item, headers)
        response = connection.getresponse()
        response.read()
        if response.status != 202:
            raise SystemExit(f"refused with {response.status}")
    connection.close()


def main() -> int:
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    bodies = [body(number) for number in range(requests)]
    print(
        f"{ROUNDS} rounds of {requests} requests of {len(bodies[0]) / 1e3:.0f} KB, {PEOPLE} personalizations each, "
        f"{CLIENTS} connections"
    )
    with _running(_serve_bare) as bare, _running(_serve_emulator) as emulator:
        for _ in range(ROUNDS):
            bare.take(bodies)
            emulator.take(bodies)
    print(bare.line("bare server"))
    print(emulator.line("emulator"))
    reached = statistics.median(emulator.by_cpu) <= TARGET
    print(f"target       {TARGET:6.2f} µs {'reached' if reached else 'missed'}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
