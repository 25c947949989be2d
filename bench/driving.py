"""A load driver that is never the bottleneck: raw sockets and epoll, requests that were written beforehand."""

import contextlib
import select
import socket
import time
from collections import deque
from dataclasses import dataclass, field

_OK = b"HTTP/1.1 200"


@dataclass
class Drive:
    """What one run brought: how long it took, each answer's wait, and which requests were answered 200."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        return len(self.accepted) / self.seconds


@dataclass
class _Caller:
    """One connection, kept alive where the server does so too."""

    port: int
    connection: socket.socket
    request: int = -1
    began: float = 0.0
    answer: bytes = b""


def drive(port: int, requests: list[bytes], concurrency: int) -> Drive:
    """Send every request once, `concurrency` of them at a time, as fast as they are answered."""
    result, waiting = Drive(), deque(range(len(requests)))
    poller = select.epoll()
    callers: dict[int, _Caller] = {}
    began = time.perf_counter()
    for _ in range(min(concurrency, len(requests))):
        caller = _Caller(port, _connect(port))
        _send(caller, requests, waiting, poller, callers)
    while callers:
        for descriptor, _ in poller.poll():
            caller = callers[descriptor]
            data = _read(caller.connection)
            caller.answer += data
            if not data or _is_whole(caller.answer):
                del callers[descriptor]
                _note(caller, result)
                if not data or b"connection: close" in caller.answer.lower():
                    caller.connection.close()
                    caller.connection = _connect(port)
                else:
                    poller.unregister(descriptor)
                if waiting:
                    _send(caller, requests, waiting, poller, callers)
                else:
                    caller.connection.close()
    result.seconds = time.perf_counter() - began
    return result


def post(path: str, body: bytes, signature: str) -> bytes:
    """A whole signed request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Signature: {signature}\r\n\r\n"
    )
    return head.encode() + body


def _send(
    caller: _Caller, requests: list[bytes], waiting: deque[int], poller: select.epoll, callers: dict[int, _Caller]
) -> None:
    caller.request, caller.answer, caller.began = waiting.popleft(), b"", time.perf_counter()
    callers[caller.connection.fileno()] = caller
    poller.register(caller.connection.fileno(), select.EPOLLIN)
    # Closed by the other side meanwhile: read as an empty answer.
    with contextlib.suppress(OSError):
        caller.connection.sendall(requests[caller.request])


def _note(caller: _Caller, result: Drive) -> None:
    if caller.answer.startswith(_OK):
        result.accepted.append(caller.request)
        result.waits.append(time.perf_counter() - caller.began)
    else:
        result.refused += 1


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


def _is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    start = head.lower().find(b"content-length:")
    if start < 0:
        return body.endswith(b"0\r\n\r\n")  # in chunks
    return len(body) >= int(head[start + 15 :].split(b"\r\n", 1)[0])


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
