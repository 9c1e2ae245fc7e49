"""An endpoint of chat completions for tests: a server on this machine's loopback that answers as it is told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from gristmill.digest import decode, encode

Request = dict[str, Any]


class Answer(NamedTuple):
    """What is sent back, after `delay` seconds, and with `drip` seconds after each byte."""

    body: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    drip: float = 0.0


def completion(message: dict[str, Any], *, finish: str = "stop", **more: Any) -> Answer:
    """Return a chat completion of 10 tokens in and 2 out."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish, **more}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    body = {"id": "c1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    return Answer(body | {"usage": usage, "system_fingerprint": "weights-1"})


def saying(text: str | None, **more: Any) -> Answer:
    """Return a completion that says something."""
    return completion({"content": text}, **more)


def calling(*calls: tuple[str, str], text: str | None = None) -> Answer:
    """Return a completion that calls tools, given their arguments as JSON text."""
    made = [
        {"id": f"x{place}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for place, (name, arguments) in enumerate(calls)
    ]
    return completion({"content": text, "tool_calls": made}, finish="tool_calls")


def failing(status: int, message: str = "out of order", *, code: str = "", **headers: str) -> Answer:
    """Return an error as OpenAI writes it."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer({"error": {"message": message, "type": "x", "code": code or None}}, status, named)


class Endpoint:
    """What the server is told, and what it was asked.

    Attributes:
        answer: what is sent back to a request.
        requests: the bodies of all requests, in order, and `keys` the credentials that came with them.
        most: requests that were open at once.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Request], Answer] = lambda request: saying("Good day.")
        self.requests: list[Request] = []
        self.keys: list[str | None] = []
        self.url = ""
        self.most = 0

    def script(self, *answers: Answer) -> None:
        """Send these back, one after the other; the last one for ever."""
        left = list(answers)
        self.answer = lambda request: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Start a server, and stop it."""
    told, lock, now = Endpoint(), threading.Lock(), [0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                told.requests.append(decode(body))
                told.keys.append(self.headers["authorization"])
                answer = told.answer(told.requests[-1])
                now[0] += 1
                told.most = max(told.most, now[0])
            time.sleep(answer.delay)
            with lock:
                now[0] -= 1
            data = answer.body if isinstance(answer.body, bytes) else encode(answer.body)
            self.send_response(answer.status)
            for name, value in (("content-type", "application/json"), *answer.headers):
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            try:
                for place in range(len(data)) if answer.drip else ():
                    self.wfile.write(data[place : place + 1])
                    time.sleep(answer.drip)
                self.wfile.write(data if not answer.drip else b"")
            except ConnectionError:  # who asked has given up waiting
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # who comes all at once is not turned away

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
