"""What crosses the border of a jail: JSON and bytes of bounded size, and nothing else.

An open connection crosses it too, from the grader to a referee only.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from typing import Any

MAX_MESSAGE = 100_000_000  # bytes
_HEADER = struct.Struct("!I")


class WireError(Exception):
    """The other side broke the protocol, or is gone."""


class WireTimeout(WireError):
    """The other side did not answer in time."""


class WireRefusal(WireError):
    """The other side answered that it could not do what it was asked for."""


def send(connection: socket.socket, message: dict[str, Any], seconds: float | None = None) -> None:
    """Send one message.

    Args:
        connection: a stream socket.
        message: what JSON can hold.
        seconds: the longest wait for the other side to take it. Defaults to no limit.

    Raises:
        WireTimeout: the other side did not take it in time.
        WireError: it is too large, or the other side is gone.
    """
    send_bytes(connection, json.dumps(message, allow_nan=False).encode(), seconds)


def send_bytes(connection: socket.socket, body: bytes, seconds: float | None = None) -> None:
    """Send bytes as they are; see `send`."""
    if len(body) > MAX_MESSAGE:
        raise WireError(f"a message of {len(body):,} bytes; at most {MAX_MESSAGE:,} are sent")
    try:
        connection.settimeout(seconds)
        connection.sendall(_HEADER.pack(len(body)) + body)
    except TimeoutError:
        raise WireTimeout("the message was not taken in time") from None
    except OSError as error:
        raise WireError(f"the other side is gone ({error.strerror})") from None
    finally:
        connection.settimeout(None)


def send_connection(connection: socket.socket, other: socket.socket) -> None:
    """Send an open connection; the sender keeps its own end of it.

    Raises:
        WireError: the other side is gone.
    """
    try:
        socket.send_fds(connection, [b"."], [other.fileno()])
    except OSError as error:
        raise WireError(f"the other side is gone ({error.strerror})") from None


def receive_connection(connection: socket.socket) -> socket.socket:
    """Return the connection that `send_connection` sent.

    Raises:
        WireError: none came.
    """
    try:
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
    except OSError as error:
        raise WireError(f"the other side is gone ({error.strerror})") from None
    if not descriptors:
        raise WireError("a connection was expected")
    return socket.socket(fileno=descriptors[0])


def receive(connection: socket.socket, seconds: float | None = None) -> dict[str, Any]:
    """Return the next message.

    Args:
        connection: a stream socket.
        seconds: the longest wait for the whole message. Defaults to no limit.

    Raises:
        WireTimeout: nothing, or too little, came in time.
        WireError: the other side is gone, or sent what is no message.
    """
    try:
        message = _loads(receive_bytes(connection, seconds))
    except (ValueError, RecursionError):
        raise WireError("a message that is not JSON") from None
    if not isinstance(message, dict):
        raise WireError("a message that is not an object")
    return message


def receive_bytes(connection: socket.socket, seconds: float | None = None) -> bytes:
    """Return the next bytes; see `receive`."""
    deadline = None if seconds is None else time.monotonic() + seconds
    (length,) = _HEADER.unpack(_exactly(connection, _HEADER.size, deadline))
    if length > MAX_MESSAGE:
        raise WireError(f"a message of {length:,} bytes; at most {MAX_MESSAGE:,} are read")
    return _exactly(connection, length, deadline)


def ask(connection: socket.socket, request: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Send a request and return the answer.

    Raises:
        WireTimeout: no answer in time.
        WireRefusal: the answer is an error.
        WireError: the other side is gone.
    """
    deadline = time.monotonic() + seconds
    send(connection, request, seconds)
    answer = receive(connection, max(0.0, deadline - time.monotonic()))
    if "error" in answer:
        raise WireRefusal(str(answer["error"])[:500])
    return answer


def _loads(body: bytes) -> Any:
    """What JSON holds; half a character, which no file can hold, becomes a "?"."""
    message = json.loads(body.decode(errors="replace"))
    if b"\\ud" not in body and b"\\uD" not in body:
        return message
    return json.loads(json.dumps(message, ensure_ascii=False).encode(errors="replace"))


def is_coming(connection: socket.socket, seconds: float) -> bool:
    """Wait for the beginning of a message, or the end of the connection; False if neither came."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(1000 * max(0.0, seconds)))


def _exactly(connection: socket.socket, count: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise WireTimeout("no answer in time")
        connection.settimeout(left)
        try:
            part = connection.recv(min(count - len(parts), 1 << 20))
        except TimeoutError:
            raise WireTimeout("no answer in time") from None
        except OSError as error:
            raise WireError(f"the other side is gone ({error.strerror})") from None
        finally:
            connection.settimeout(None)
        if not part:
            raise WireError("the other side is gone")
        parts += part
    return bytes(parts)
