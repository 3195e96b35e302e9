"""A small DNS server on 127.0.0.1 that says what a test wrote into it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset


class NameServer:
    """`records` hold values by name and type; `failing` names are answered with SERVFAIL, `silent` ones not at all."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.failing: set[str] = set()
        self.silent: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()

    def says(self, name: str, kind: str, *values: str) -> None:
        """Let a name have these records of a kind; none: no longer. TXT may be of any length."""
        if kind == "TXT":
            pieces = ([text[n : n + 250] for n in range(0, len(text), 250)] for text in values)
            values = tuple(" ".join(f'"{piece}"' for piece in text) for text in pieces)
        self.records[name, kind] = list(values)
        if not values:
            del self.records[name, kind]

    def serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4096)
            if not question:
                return
            query = dns.message.from_wire(question)
            answer = self._answer(query)
            if answer is not None:
                self._socket.sendto(answer.to_wire(), sender)

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"", self.address)

    def close(self) -> None:
        self._socket.close()

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        name = str(query.question[0].name).rstrip(".").lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        if name in self.silent:
            return None
        if name in self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        while kind != "CNAME" and (target := self.records.get((name, "CNAME"))):
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", target[0]))
            name = target[0].rstrip(".")
        if values := self.records.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *values))
        elif not any(known == name or known.endswith(f".{name}") for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


@contextmanager
def name_server() -> Iterator[NameServer]:
    """One that runs."""
    server = NameServer()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
        server.close()
