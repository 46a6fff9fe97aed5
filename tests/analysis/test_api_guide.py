"""The guide of the API runs as it is printed, and so do the examples in docstrings."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

import analysis

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"


def test_every_block_of_the_guide_runs():
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.S | re.M)
    assert len(blocks) > 8
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), names)


@pytest.mark.parametrize("module", ["sampling", "survey", "comparing"])
def test_examples_in_docstrings_are_true(module):
    found = doctest.testmod(import_module(f"analysis.{module}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_every_public_name_is_there_and_every_module_is_listed():
    assert set(analysis.__all__) <= set(dir(analysis))
    for name in analysis.__all__:
        assert getattr(analysis, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'mean'"):
        _ = analysis.mean
    words = set(re.findall(r"\w+", analysis.__doc__ or ""))
    modules = {p.stem for p in Path(analysis.__file__).parent.glob("*.py")} - {"__init__"}
    assert sorted(modules - words) == []
