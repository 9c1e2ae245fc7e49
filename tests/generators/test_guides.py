"""A guide table finds the very cell that a search would."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.generators._guides import Guide
from gristmill.seeding import numpy_stream


@settings(database=None, max_examples=60, deadline=None)
@given(
    weights=st.lists(st.sampled_from([0.0, 1e-300, 1e-9, 0.3, 1.0, 7.0]), min_size=8, max_size=300),
    whole=st.integers(1, 20),
    seed=st.integers(0, 2**32),
)
def test_cells_are_those_of_a_search(weights: list[float], whole: int, seed: int) -> None:
    """Also where many edges lie close together, and at the edges themselves and next to them."""
    edges = np.cumsum([*weights, 1.0])
    edges *= whole / edges[-1]
    units = numpy_stream(seed, "units").random(2_000) * whole
    last = np.nextafter(whole, 0)
    near = np.concatenate([[0.0, last], edges, np.nextafter(edges, 0), np.nextafter(edges, whole)]).clip(
        0, last
    )
    found = Guide(edges).places(np.concatenate([units, near]))

    assert edges.searchsorted(np.concatenate([units, near]), "right").tolist() == found.tolist()


@pytest.mark.parametrize("cells", [0, 1, 7, 8, 100_000])
def test_any_number_of_cells_has_places(cells: int) -> None:
    """Of few cells and of very many, the last end of which is left out."""
    edges = np.linspace(0, 1, cells + 2)[1:-1]
    units = numpy_stream(0, "units").random(5_000)

    assert edges.searchsorted(units, "right").tolist() == Guide(edges).places(units).tolist()
