"""PDF of reports by one browser: made once, never of another page, and said where there is none."""

import os
import re
from pathlib import Path

import pytest

from pipeline.errors import MachineError
from pipeline.paper.pdf import find_browser
from pipeline.report_pdf import ABSENT, print_pages

NAMES = ("index.html", "unit/a.html", "unit/b.html")
HTML = '<!DOCTYPE html><html lang="id"><title>{0}</title><h1>{0}</h1><a href="#x">x</a>'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "unit").mkdir()
    for name in NAMES:
        (tmp_path / name).write_text(HTML.format(name), encoding="utf-8")
    return tmp_path


def pdfs(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.pdf")}


def pages(data):
    return len(re.findall(rb"/Type\s*/Page\b", data))


@pytest.mark.chromium
def test_every_page_gets_its_pdf_and_a_second_run_makes_none(folder):
    told = []
    first = print_pages(NAMES, folder, {}, wanted=True, environ=os.environ, say=told.append)
    made = pdfs(folder)
    assert sorted(made) == ["index.pdf", "unit/a.pdf", "unit/b.pdf"]
    assert all(data.startswith(b"%PDF") and pages(data) == 1 for data in made.values())
    assert told == [f"  PDF {i} of 3: {n}" for i, n in enumerate(made_names(NAMES), 1)]
    first.demand()

    again = print_pages(NAMES, folder, first.made, wanted=True, environ=os.environ, say=told.append)
    assert len(told) == 3
    assert again.made == first.made

    # One page says something else, and nothing is known of the PDF of another: the same page gives
    # the same bytes, whenever and after whatever it is printed.
    (folder / "unit/b.html").write_text(HTML.format("lain"), encoding="utf-8")
    known = {name: note for name, note in first.made.items() if name != "unit/a.pdf"}
    third = print_pages(NAMES, folder, known, wanted=True, environ=os.environ)
    changed = {name for name, data in pdfs(folder).items() if data != made[name]}
    assert changed == {"unit/b.pdf"}
    assert third.made["index.pdf"] == first.made["index.pdf"]


def made_names(names):
    return [str(Path(name).with_suffix(".pdf").as_posix()) for name in names]


def noted(folder):
    """As if an earlier run had made all of them."""
    notes = {}
    for name in NAMES:
        path = (folder / name).with_suffix(".pdf")
        path.write_bytes(b"%PDF of " + name.encode())
        notes[path.relative_to(folder).as_posix()] = {
            "from": digest(folder / name), "sha256": digest(path),
        }  # fmt: skip
    return notes


def digest(path):
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_without_being_asked_none_is_made_and_one_of_an_earlier_page_goes(folder):
    notes = noted(folder)
    (folder / "unit/a.html").write_text("lain", encoding="utf-8")
    (folder / "catatan.pdf").write_bytes(b"somebody else's")
    found = print_pages(NAMES, folder, notes, wanted=False, environ={})
    assert sorted(pdfs(folder)) == ["catatan.pdf", "index.pdf", "unit/b.pdf"]
    assert found.removed == ("unit/a.pdf",)
    assert set(found.made) == {"index.pdf", "unit/b.pdf"}
    assert "unit/a.pdf" in found.lines()[0]
    found.demand()


def test_the_pdf_of_a_page_that_is_gone_goes_too(folder):
    notes = noted(folder)
    found = print_pages(NAMES[:2], folder, notes, wanted=False, environ={})
    assert found.removed == ("unit/b.pdf",)
    assert not (folder / "unit/b.pdf").exists()


def test_without_a_browser_the_run_says_so_and_leaves_no_pdf_of_another_page(folder):
    notes = noted(folder)
    (folder / "index.html").write_text("lain", encoding="utf-8")
    found = print_pages(NAMES, folder, notes, wanted=True, environ={"PERSEPSI_BROWSER": ""})
    assert (found.missing, found.reason, found.removed) == (("index.pdf",), ABSENT, ("index.pdf",))
    assert sorted(pdfs(folder)) == ["unit/a.pdf", "unit/b.pdf"]
    with pytest.raises(MachineError, match="HTML reports are whole") as caught:
        found.demand()
    assert caught.value.exit_code == 15


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands for the browser")
@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$", "exec 3<&-; exec 4>&-; sleep 60"])
def test_a_browser_that_dies_leaves_nothing_behind(folder, tmp_path_factory, script):
    broken = tmp_path_factory.mktemp("bin") / "chromium"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    before = set(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else set()
    environ = {"PERSEPSI_BROWSER": str(broken)}
    found = print_pages(NAMES[:1], folder, {}, wanted=True, environ=environ)
    assert found.missing == ("index.pdf",)
    assert found.reason == "chromium: the browser ended"
    assert sorted(p.name for p in folder.iterdir()) == ["index.html", "unit"]
    if before:
        assert set(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # no child is left, dead or alive


def test_a_browser_that_cannot_be_started_is_named(folder):
    script = folder / "chromium"
    script.write_text("#!/no/such/program\n")
    script.chmod(0o755)
    environ = {"PERSEPSI_BROWSER": str(script)}
    found = print_pages(NAMES[:1], folder, {}, wanted=True, environ=environ)
    assert found.missing == ("index.pdf",)
    assert "chromium" in found.reason


def test_edge_is_found_where_windows_has_it(tmp_path):
    edge = tmp_path / "Microsoft/Edge/Application/msedge.exe"
    edge.parent.mkdir(parents=True)
    edge.write_bytes(b"")
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        assert find_browser({variable: str(tmp_path)}, lambda _: None) == str(edge)
