"""Whether the queue answers, and how much waits in it: Redis or RabbitMQ, whichever its address names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from amqp.exceptions import ChannelError
from celery import current_app
from kombu.exceptions import OperationalError

from mailer.delivery.queues import queues

ANSWERS_WITHIN = 1.0
"""Seconds."""


def queue_lengths() -> dict[str, int]:
    """How many tasks wait in each queue for a worker to take them.

    Raises:
        kombu.exceptions.OperationalError: the queue does not answer.
    """
    with _channel() as channel:
        return {name: _length(channel, name) for name in queues()}


@contextmanager
def _channel() -> Iterator[Any]:
    patience = {"socket_timeout": ANSWERS_WITHIN, "socket_connect_timeout": ANSWERS_WITHIN}
    connected = current_app.connection_for_read(
        connect_timeout=ANSWERS_WITHIN, transport_options={**patience, "read_timeout": ANSWERS_WITHIN}
    )
    transport: Any = connected.transport
    try:
        # By the transport itself, because the connection would try again for seconds.
        established = transport.establish_connection()
        try:
            yield transport.create_channel(established)
        finally:
            transport.close_connection(established)
    except (
        *connected.connection_errors,
        *connected.channel_errors,
    ) as error:  # each kind of queue has its own
        raise OperationalError(type(error).__name__) from error


def _length(channel: Any, name: str) -> int:
    try:
        return int(channel.queue_declare(name, passive=True).message_count)
    except ChannelError:  # it is not there before the first worker
        return 0
