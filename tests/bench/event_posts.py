"""Posts of SendGrid's event webhook about a large send, made up, signed and laid ready in a file.

    [processed, delivered, open …], some 550 bytes an event, up to 768 KB a post, in the order of their time with
    neighbours mixed, some events and some whole posts again.

They are made before anything is measured: making and signing them costs more than taking them does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from tests.tracking.posts import sign

MOST_BYTES = 768_000
"""Of a post, as SendGrid limits it."""
STAMP = "1772442000"
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
SENT_AT = 1_772_442_000
MIXED = 60.0
"""Seconds by which an event is posted sooner or later than its turn."""
AGAIN = 0.02
"""Of events, and of posts: what SendGrid repeats."""
READERS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
)

Moment = tuple[float, int, str]
"""When an event is posted (seconds after the send), whose it is (a place among the people), and its kind."""


@dataclass(frozen=True)
class Person:
    """A recipient: numbers of send and subscriber, address, submission."""

    send: int
    subscriber: int
    email: str
    submission: str


@dataclass(frozen=True)
class Post:
    """Where it lies in the file, how many events it holds, and its signature for STAMP."""

    offset: int
    size: int
    events: int
    signature: str


@dataclass(frozen=True)
class Posts:
    """All posts, and how many events they hold: each event once, and those that come again besides."""

    file: Path
    posts: tuple[Post, ...]
    distinct: int

    @property
    def events(self) -> int:
        return sum(post.events for post in self.posts)


def write_posts(
    file: Path, people: list[Person], urls: list[str], events: int, *, most: int = MOST_BYTES, seed: int = 7
) -> Posts:
    """Write posts of at least so many events about some of these people.

    Args:
        urls: the links of the issue.
        most: bytes of the largest post.
    """
    chance = Random(seed)
    posts: list[Post] = []
    with file.open("wb") as out:
        distinct = 0
        for body, count, fresh in _bodies(people, urls, events, most, chance):
            post = Post(out.tell(), len(body), count, sign(body, STAMP)[SIGNATURE])
            out.write(body)
            posts += [post, post] if chance.random() < AGAIN else [post]
            distinct += fresh
    index = {"posts": [asdict(post) for post in posts], "distinct": distinct}
    file.with_suffix(".json").write_text(json.dumps(index))
    return read_posts(file)


def read_posts(file: Path) -> Posts:
    """Posts that were written."""
    index = json.loads(file.with_suffix(".json").read_text())
    return Posts(file, tuple(Post(**post) for post in index["posts"]), index["distinct"])


def _bodies(
    people: list[Person], urls: list[str], events: int, most: int, chance: Random
) -> Iterator[tuple[bytes, int, int]]:
    """Bodies, each with how many events it holds and how many of these for the first time."""
    body: list[str] = []
    fresh = size = 0
    limit = most
    for number, (after, place, kind) in enumerate(_moments(len(people), events, chance)):
        event = _event(number, people[place], kind, SENT_AT + int(after), urls, chance)
        if size + len(event) + 4 > limit:
            yield _joined(body), len(body), fresh
            body, fresh, size = [], 0, 0
            limit = most if chance.random() < 0.7 else chance.randrange(most // 20, most)
        body.append(event)
        fresh += 1
        size += len(event) + 1
        if chance.random() < AGAIN and size + len(event) + 4 < limit:
            body.insert(chance.randrange(len(body)), event)
            size += len(event) + 1
    yield _joined(body), len(body), fresh


def _joined(body: list[str]) -> bytes:
    return f"[{','.join(body)}]\r\n".encode()


def _moments(people: int, events: int, chance: Random) -> list[Moment]:
    """What happens to so many of the people that it makes as many events, in the order in which it is posted."""
    order = list(range(people))
    chance.shuffle(order)
    moments: list[Moment] = []
    for turn, place in enumerate(order):
        if len(moments) >= events:
            break
        start = turn / 5_000
        moments += [
            (start + chance.random() * MIXED + after, place, kind) for after, kind in _happens(chance)
        ]
    if len(moments) < events:
        raise SystemExit(
            f"{people:,} recipients cause no {events:,} events. Give --recipients a larger number."
        )
    moments.sort()
    return moments


def _happens(chance: Random) -> Iterator[tuple[float, str]]:
    """What becomes of one mail: seconds after it went out, and the event."""
    yield 0, "processed"
    drawn = chance.random()
    if drawn < 0.03:
        yield 1, "deferred"
    if drawn > 0.98:
        yield 3, chance.choice(("bounce", "bounce", "blocked", "dropped"))
        return
    yield 2, "delivered"
    if chance.random() < 0.25:
        yield 20, "machine open"
    if chance.random() < 0.25:
        yield 30 + chance.expovariate(1 / 60), "open"
        if chance.random() < 0.2:
            yield 60 + chance.expovariate(1 / 60), "click"
    if chance.random() < 0.001:
        yield 90, chance.choice(("spamreport", "unsubscribe"))


def _event(number: int, person: Person, kind: str, at: int, urls: list[str], chance: Random) -> str:
    """One event as SendGrid writes it, with its names in its order."""
    drawn = chance.getrandbits(120)
    return (
        f'{{"asm_group_id":4711,"category":["weekly","issue-117"],{_own(kind, urls, chance)},"email":"{person.email}",'
        f'"ip":"198.51.{drawn & 255}.{drawn >> 8 & 255}","mailer_send":"{person.send}",'
        f'"mailer_submission":"{person.submission}","mailer_subscriber":"{person.subscriber}",'
        f'"pool":{{"id":210,"name":"newsletters"}},'
        f'"sg_event_id":"{drawn:030x}{number:018d}",'
        f'"sg_message_id":"{drawn & (1 << 88) - 1:022x}.recvd-5b9c7d6f4-{drawn & 65535:05d}-1-65E2F410-1D.0",'
        f'"smtp-id":"<{drawn & (1 << 88) - 1:022x}@geopod-ismtpd-{drawn & 63}>","timestamp":{at}}}'
    )


def _own(kind: str, urls: list[str], chance: Random) -> str:
    """What an event of this kind has of its own."""
    match kind:
        case "delivered":
            return (
                '"event":"delivered","response":"250 2.0.0 OK  1772442004 d75a77b69052e-4629c4f8b2asi8121871cf.118 - gsmtp",'
                '"tls":1'
            )
        case "deferred":
            return (
                '"event":"deferred","attempt":"1","response":"421 4.7.0 Try again later, closing connection."'
            )
        case "bounce":
            return (
                '"event":"bounce","type":"bounce","status":"5.1.1","bounce_classification":"Invalid Address",'
                '"reason":"550 5.1.1 The email account that you tried to reach does not exist."'
            )
        case "blocked":
            return (
                '"event":"bounce","type":"blocked","status":"5.7.1","bounce_classification":"Reputation",'
                '"reason":"550 5.7.1 Our system has detected that this message is likely unsolicited mail."'
            )
        case "dropped":
            return '"event":"dropped","reason":"Bounced Address"'
        case "machine open":
            return '"event":"open","sg_content_type":"html","sg_machine_open":true,"useragent":"Mozilla/5.0"'
        case "open":
            return f'"event":"open","sg_content_type":"html","useragent":"{chance.choice(READERS)}"'
        case "click":
            place = chance.randrange(len(urls))
            return (
                f'"event":"click","url":"{urls[place]}","url_offset":{{"index":{place},"type":"html"}},'
                f'"useragent":"{chance.choice(READERS)}"'
            )
    return f'"event":"{kind}"'
