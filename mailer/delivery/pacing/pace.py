"""The pace of the account, shared by all workers through Redis: requests at once, and recipients a second.

It gives way to what SendGrid answers (AIMD): too many requests and server errors halve it, once for all the requests
that were under way together; accepted ones let it grow again, little by little. A reset time closes it for everybody.

Redis decides, by its own clock and in one step, so no two workers count differently. What it holds may be lost: then
the pace is the full one again. While it is away nobody knows how many requests are under way, and none begins.
"""

import time
import uuid
from dataclasses import dataclass
from functools import lru_cache

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry as Reconnect

from mailer.delivery.models import BATCH_SIZE
from mailer.delivery.record import LONGEST_DELAY
from mailer.delivery.settle import claim_limit
from mailer.sendgrid.outcome import Accepted, Outcome, Retry, Unknown

log = structlog.get_logger()

KEYS = ("{mailer:pace}", "{mailer:pace}:leases")
"""Where Redis keeps it: a hash, and the requests under way by the time at which each counts as lost."""
SHORT = 1.0
"""Seconds. A thread waits as long for its turn, and asks again; for longer the batch goes back to the database."""
PATIENCE = 3.0
"""Seconds that a thread waits in all: more than lie between two sweeps, so that somebody is always there to go on."""
AWAY = 5.0
"""Seconds until a batch is tried again that found Redis away."""
ANSWERS_WITHIN = 5.0
"""Seconds that Redis has to answer."""

# Numbers in the scripts are microseconds, but for the settings.
_NUMBERS = f"""
local SECOND = 1000000
local LONGEST = {LONGEST_DELAY} * SECOND
local LOOK_AGAIN = 0.1 * SECOND    -- for a request's end
local FULL = 2 * SECOND            -- until a batch comes again that found no request ending in all its patience
local AT_LEAST = 0.001 * SECOND
local FLOOR = 1 * SECOND           -- between two requests, where one at a time is still too many
local STEP, STEPS = 5 * SECOND, 12 -- the rate recovers in a minute
local SLOWEST = 64                 -- and is never below this part of the full one
local CREDIT = 2                   -- seconds that were not used may be made up for: as long as between two sweeps,
local BURST = {BATCH_SIZE}         -- but no more recipients than a request holds
local LINE = 60 * SECOND           -- as far ahead are batches given a time of their own
local IDLE = 3600 * 1000           -- milliseconds; after as long without a request all is forgotten
"""

_STATE = """
local clock = redis.call('TIME')
local now = clock[1] * SECOND + clock[2]
local most, full_rate = tonumber(ARGV[1]), tonumber(ARGV[2]) -- a rate of 0: no limit
local held = redis.call('HMGET', KEYS[1], 'allowed', 'accepted', 'halved_at', 'closed_until', 'rate', 'stepped_at',
    'tokens', 'filled_at', 'line')
local function number(place, otherwise) return tonumber(held[place]) or otherwise end
local function whole(value) return string.format('%.0f', value) end
local function keep(...)
    redis.call('HSET', KEYS[1], ...)
    redis.call('PEXPIRE', KEYS[1], IDLE)
end

local allowed = math.min(number(1, most), most)
local accepted, halved_at = number(2, 0), number(3, 0)
local closed_until = math.min(number(4, 0), now + LONGEST)
local rate, stepped_at = math.min(number(5, full_rate), full_rate), number(6, now)
local steps = math.floor((now - stepped_at) / STEP)
if rate < full_rate and steps > 0 then
    rate = math.min(full_rate, rate + steps * full_rate / STEPS)
    stepped_at = stepped_at + steps * STEP
end
-- Recipients that may go now: below 0 a request went ahead of its time, and the next one waits until it is made up for.
local gained = math.max(0, now - number(8, now)) / SECOND * rate
local tokens = math.min(number(7, 0) + gained, CREDIT * rate, BURST)
local function keep_rate(left)
    if full_rate > 0 then
        keep('rate', rate, 'stepped_at', whole(stepped_at), 'tokens', left, 'filled_at', whole(now))
    end
end
"""

_ASK = """
local id, size, lease, patience = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('ZSCORE', KEYS[2], id) then return {1, now, ''} end -- the answer to the same question was lost
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(now))
local wait, reason = 0, ''
if closed_until > now then
    wait, reason = closed_until - now, 'closed'
elseif full_rate > 0 and tokens < 0 then
    wait, reason = -tokens / rate * SECOND, 'rate'
elseif redis.call('ZCARD', KEYS[2]) >= allowed then
    wait, reason = LOOK_AGAIN, 'in_flight'
else
    redis.call('ZADD', KEYS[2], whole(now + lease), id)
    redis.call('PEXPIRE', KEYS[2], IDLE)
    keep_rate(tokens - size)
    return {1, now, ''}
end
if wait > patience and reason == 'rate' then
    -- Each of those that go back gets a time of its own: else all would come again at once, and all but one in vain.
    local place = math.max(now + wait, math.min(number(9, 0), now + LINE))
    keep('line', whole(place + size / rate * SECOND))
    wait = place - now
elseif wait > patience and reason == 'in_flight' then
    wait = FULL
end
return {0, math.max(wait, AT_LEAST), reason}
"""

_DONE = """
local id, size, began, verdict = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local reset, after = tonumber(ARGV[7]) * SECOND, tonumber(ARGV[8]) * SECOND
local removed = redis.call('ZREM', KEYS[2], id)
-- An answer to a request that began before the last halving says nothing about the pace since.
if verdict == 'slow_down' then
    local close = reset
    if reset == 0 and after > 0 then close = now + after end
    if began > halved_at then
        if allowed <= 1 then close = math.max(close, now + FLOOR) end
        allowed = math.max(1, math.floor(allowed / 2))
        rate, stepped_at = math.max(full_rate / SLOWEST, rate / 2), now
        keep('allowed', allowed, 'accepted', 0, 'halved_at', whole(now))
        keep_rate(tokens)
    end
    close = math.min(close, now + LONGEST)
    if close > math.max(closed_until, now) then keep('closed_until', whole(close)) end
elseif verdict == 'accepted' and allowed < most and began > halved_at then
    accepted = accepted + 1
    if accepted >= allowed then allowed, accepted = allowed + 1, 0 end
    keep('allowed', allowed, 'accepted', accepted)
    if allowed >= most then redis.call('HDEL', KEYS[1], 'allowed', 'accepted') end
elseif verdict == 'not_made' and removed == 1 then
    keep_rate(tokens + size)
end
return allowed
"""

_LOOK = """
local in_flight = redis.call('ZCOUNT', KEYS[2], whole(now), '+inf')
return {in_flight, allowed, whole(rate), math.max(0, closed_until - now)}
"""


@dataclass(frozen=True)
class Lease:
    """The right to make one request. It ends by itself where its worker is killed. `began`: microseconds, by Redis."""

    id: str
    recipients: int
    began: int


@dataclass(frozen=True)
class Later:
    """No request may begin now; in so many seconds one may. `reason` is one word."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Gauge:
    """How it goes at the moment: requests under way and allowed at once, recipients a second (None: no limit), and
    seconds until the reset time that SendGrid gave (0: none)."""

    in_flight: int
    allowed: int
    rate: int | None
    closed_for: float


class Pace:
    """What one Redis allows. Safe to share between threads.

    Args:
        in_flight: requests at once over all workers, at most.
        rate: recipients a second over all workers, at most; None for no limit.
        lease: seconds after which a request that did not end counts as lost with its worker.
    """

    def __init__(self, redis_url: str, in_flight: int, rate: int | None, lease: float) -> None:
        # One more try, because a connection that waited here may have been closed meanwhile.
        self._redis = redis.Redis.from_url(
            redis_url, socket_timeout=ANSWERS_WITHIN, retry=Reconnect(NoBackoff(), 1)
        )
        self._limits = (in_flight, rate or 0)
        self._rated = rate is not None
        self._lease = lease
        self._ask = self._redis.register_script(_NUMBERS + _STATE + _ASK)
        self._done = self._redis.register_script(_NUMBERS + _STATE + _DONE)
        self._look = self._redis.register_script(_NUMBERS + _STATE + _LOOK)

    def enter(self, recipients: int, patience: float = PATIENCE) -> Lease | Later:
        """Ask for a request to so many recipients, and wait for it if that is worth it.

        Args:
            patience: seconds to wait in all.
        Returns: a lease, which `leave` must give back; or when to ask again. When Redis is away: later.
        """
        name, end = uuid.uuid4().hex, time.monotonic() + patience
        while True:
            short = max(0.0, min(SHORT, end - time.monotonic()))
            try:
                may, number, reason = self._ask(
                    KEYS, (*self._limits, name, recipients, int(self._lease * 1e6), int(short * 1e6))
                )
            except redis.RedisError as error:
                log.warning("pace_unknown", error=type(error).__name__)
                return Later(AWAY, "redis")
            if may:
                return Lease(name, recipients, number)
            if number / 1e6 > short:
                return Later(number / 1e6, reason.decode())
            time.sleep(number / 1e6)

    def leave(self, lease: Lease, outcome: Outcome | None, status: int | None = None) -> None:
        """Give a lease back, and say what became of its request; the pace follows.

        Args:
            outcome: None when no request was made.
            status: HTTP status of the answer, None without one.
        """
        until, after = (outcome.until, outcome.after) if isinstance(outcome, Retry) else (None, None)
        verdict = _verdict(outcome, status)
        known = (lease.id, lease.recipients, lease.began, verdict, until or 0, after or 0)
        try:
            allowed = self._done(KEYS, (*self._limits, *known))
        except redis.RedisError as error:  # the lease ends by itself
            log.warning("pace_unknown", error=type(error).__name__)
            return
        if verdict == "slow_down":
            log.warning("slowed_down", allowed=allowed, status=status)

    def look(self) -> Gauge:
        """How it goes at the moment.

        Raises:
            redis.RedisError: Redis is away.
        """
        in_flight, allowed, rate, closed = self._look(KEYS, self._limits)
        return Gauge(in_flight, allowed, int(rate) if self._rated else None, closed / 1e6)

    def reset(self) -> None:
        """Forget what slowed it down, and what is under way.

        Raises:
            redis.RedisError: Redis is away.
        """
        self._redis.delete(*KEYS)


def pace() -> Pace:
    """The pace that this process's settings name."""
    environment = settings.ENVIRONMENT
    return _pace(
        environment.redis_url,
        environment.sendgrid_in_flight,
        environment.sendgrid_rate,
        claim_limit().total_seconds(),
    )


@lru_cache(maxsize=4)
def _pace(redis_url: str, in_flight: int, rate: int | None, lease: float) -> Pace:
    return Pace(redis_url, in_flight, rate, lease)


def _verdict(outcome: Outcome | None, status: int | None) -> str:
    match outcome:
        case None:
            return "not_made"
        case Accepted():
            return "accepted"
        case Retry(slow_down=True):
            return "slow_down"
        case Unknown() if status is not None and status >= 500:
            return "slow_down"
        case _:
            return "other"
