"""A model that is served in this process, for tests."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gristmill.agents.serve.app import application, listen, server
from gristmill.agents.serve.speaker import Speaker


@contextmanager
def served(speaker: Speaker) -> Iterator[str]:
    """Serve at a free port of the loopback, and yield the URL for clients."""
    socket = listen("127.0.0.1", 0)
    running = server(application(speaker))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        while not running.started:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{socket.getsockname()[1]}/v1"
    finally:
        running.should_exit = True
        thread.join()
