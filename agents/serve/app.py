"""The server: requests over HTTP to the model, which answers as in its own seat.

POST /v1/chat/completions     GET /v1/models     GET /health
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gristmill.agents.serve.protocol import Refusal, error_body, read_request
from gristmill.agents.serve.speaker import Speaker
from gristmill.errors import UsageError

__all__ = ["LOOPBACK", "application", "listen", "server"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PATIENCE = 30.0  # seconds that a request may take to come in
LARGEST = 2 << 20  # bytes of a request, which is more than any context holds


def application(
    speaker: Speaker, *, hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
) -> Starlette:
    """Return the ASGI application that answers for a speaker, and closes it when it ends.

    Args:
        speaker: who answers.
        hosts: names that a request may call this server by, so that no web page reaches it under one of its own.
    """

    async def completions(request: HttpRequest) -> Response:
        # A web page of somebody else may send anything but this without being asked whether it may.
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal("Expected a request of type application/json.", status=415)
        try:
            data = await asyncio.wait_for(request.body(), PATIENCE)
        except TimeoutError:
            raise Refusal(f"Expected the whole request within {PATIENCE:g} seconds.", status=408) from None
        asked = read_request(data)
        reply = await speaker.answer(asked)
        if not asked.stream:
            return JSONResponse(reply.body())
        usage = asked.stream_options is not None and asked.stream_options.include_usage
        return StreamingResponse(reply.events(usage=usage), media_type="text/event-stream")

    async def models(request: HttpRequest) -> Response:
        card = {"id": speaker.name, "object": "model", "created": speaker.since, "owned_by": "gristmill"}
        return JSONResponse({"object": "list", "data": [card]})

    async def health(request: HttpRequest) -> Response:
        return JSONResponse({"status": "ok", "model": speaker.name, "digest": speaker.digest})

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(speaker.close)

    return Starlette(
        routes=[
            Route("/v1/chat/completions", completions, methods=["POST"]),
            Route("/v1/models", models),
            Route("/health", health),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)],
        exception_handlers={UsageError: _refused, HTTPException: _unknown, Exception: _broken},
        lifespan=lifespan,
        max_body_size=LARGEST,
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes any that is free.

    Raises:
        UsageError: when there is none to be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((host, port), family=found[0])
    except OSError as error:
        raise UsageError(
            f"Expected a free port, got {host}:{port}: {error.strerror or error}; --port 0 takes any."
        ) from None


def server(app: Starlette) -> uvicorn.Server:
    """Return what serves the application: `run(sockets=[…])`, until `should_exit` is set."""
    return uvicorn.Server(
        uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=5)
    )


async def _refused(request: HttpRequest, error: Exception) -> Response:
    refusal = error if isinstance(error, Refusal) else Refusal(str(error))
    body = error_body(str(refusal), code=refusal.code, param=refusal.param)
    return JSONResponse(body, status_code=refusal.status)


async def _unknown(request: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for it alone"
    words = f"{error.detail}: {request.method} {request.url.path}; there are POST /v1/chat/completions, GET /v1/models and GET /health."
    return JSONResponse(error_body(words), status_code=error.status_code)


async def _broken(request: HttpRequest, error: Exception) -> Response:
    # What went wrong may name files of this machine; it is told where the server runs.
    words = f"{type(error).__name__}; what the server prints says more."
    return JSONResponse(error_body(words, kind="server_error"), status_code=500)
