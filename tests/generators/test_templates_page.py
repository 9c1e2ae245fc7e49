"""The page on the built-in templates shows what they draw."""

from pathlib import Path

import pytest

from tests.generators.templates_page import page

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"


@pytest.mark.skipif(not PAGE.parent.is_dir(), reason="needs a checkout")
def test_the_page_is_what_the_templates_draw() -> None:
    """Rows and documents on the page are those of seed 0, as of now."""
    assert page() == PAGE.read_text(encoding="utf-8")
