"""What came back from one HTTP request, and how far the request got."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Phase = Literal["not_connected", "body_incomplete", "no_answer", "answered"]


@dataclass(frozen=True)
class Answer:
    """One request's end. Network trouble is a value here, never an exception.

    `phase` says how far it got:

    - `not_connected`: nothing was sent (DNS, refused, connect timeout, TLS).
    - `body_incomplete`: the request's last byte never left this machine, so the server cannot have the body that
      Content-Length promised, and cannot have accepted it. `status` may still be set: the server answered early.
    - `no_answer`: the whole request was handed to the kernel and no status line came back. **What became of it is
      unknown.** This includes a reset that happened while the body was on its way, because a body that fits the
      socket's buffer is "sent" before the network has seen it.
    - `answered`: the whole request went out and a status line with headers came back.

    `headers` have lower-case names. `body` is cut at the limit given to the request. `error` is a short stable
    word ("" when all went well) and holds no secret and no address; with `answered` it means that the answer's
    body is incomplete.
    """

    status: int | None
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    phase: Phase
    error: str = ""
