"""What tests of agents share."""

from collections.abc import Iterator

import pytest

from tests.agents.endpoint import Endpoint, endpoint


@pytest.fixture
def model() -> Iterator[Endpoint]:
    """A language model at an endpoint."""
    with endpoint() as found:
        yield found
