"""Publishing on ODK Central over a line that fails at random, until it is done."""

import random
from collections.abc import Callable

import pytest
from central_study import central_study, published_there, version_of
from fakes.central_forms import CentralForms, publishing
from small_study import LIST, NEW_ROWS, write_form

from pipeline.assets_file import read_published
from pipeline.errors import PersepsiError
from pipeline.sandbox import Fault
from pipeline.study import open_study

ACTIONS = ("truncate", "drop", "invalid_json", "status", "html")
METHODS = ("GET", "GET", "POST", "POST")
PATHS = (r"/forms\?", "/draft", "/attachments", "/publish", "formList", "manifest", r"\.xlsx",
         r"\.xml", "/users/current", "/sessions", "/versions", ".")  # fmt: skip
LONGER = LIST + "l3,Loket 3\n"


def some_faults(rng: random.Random, count: int) -> list[Fault]:
    return [
        Fault(
            rng.choice(ACTIONS), path=rng.choice(PATHS), method=rng.choice(METHODS),
            after=rng.randrange(3), times=rng.randrange(1, 7),
            status=rng.choice((429, 500, 502, 503, 504, 200)),
        )
        for _ in range(count)
    ]  # fmt: skip


def outcome(act: Callable[[], object]) -> PersepsiError | None:
    """Expected error of a run, or None; anything else is a bug and passes through."""
    try:
        act()
    except PersepsiError as error:
        return error
    return None


def until_done(act: Callable[[], object], rng: random.Random, state: CentralForms) -> int:
    """Repeat what people would repeat; how often it failed. Whatever fails is a sentence."""
    for failures in range(8):
        state.faults.clear()
        state.faults.extend(some_faults(rng, 6) if failures < 6 else [])
        error = outcome(act)
        state.faults.clear()
        if error is None:
            return failures
        assert error.exit_code == 12, error
    raise AssertionError("never done")


def drive(seed: int, folder) -> int:
    """A first publication, a new list, and a new form: each until it is done."""
    rng, state = random.Random(seed), CentralForms()
    with publishing(state) as url:
        study = central_study(folder, url)

        def act() -> object:
            return published_there(open_study(str(study.folder)))

        failures = until_done(act, rng, state)
        study.file("loket.csv").write_text(LONGER, "utf-8")
        failures += until_done(act, rng, state)
        write_form(study.folder, NEW_ROWS, settings=version_of("2"))
        failures += until_done(act, rng, state)
    form = state.form()
    assert list(state.projects[1].forms) == ["air"]
    assert [v.version for v in form.versions] == ["1", "1.1", "2"]
    assert form.versions[-1].workbook == study.file("air.xlsx").read_bytes()
    assert [f.content for f in form.versions[-1].files] == [LONGER.encode()]
    (entry,) = read_published(study.folder)
    assert (entry.asset, entry.version) == ("1/air", "2")
    return failures


@pytest.mark.parametrize("seed", range(8))
def test_over_a_failing_line_there_is_one_form_and_each_version_once(tmp_path, seed):
    drive(seed, tmp_path / "survei")


@pytest.mark.slow
def test_two_hundred_failing_lines_to_central(tmp_path):
    failures = [drive(seed, tmp_path / f"{seed}" / "survei") for seed in range(200)]
    assert sum(failures) >= 200  # the lines did fail
