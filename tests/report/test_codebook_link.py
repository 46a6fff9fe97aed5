"""The first page leads to the codebook where there is one, and the commands write their pages."""

import json

import sample_results

from pipeline.cli import _run
from pipeline.report.render import render_reports

LINK = '<a href="codebook.html">'


def test_only_the_first_page_leads_to_the_codebook_and_only_where_there_is_one(tmp_path):
    with_it = render_reports(sample_results.kendari(), tmp_path / "a", codebook="codebook.html")
    without = render_reports(sample_results.kendari(), tmp_path / "b")
    leading = [path.name for path in with_it if LINK in path.read_text("utf-8")]
    assert leading == ["index.html"]
    assert not [path for path in without if LINK in path.read_text("utf-8")]


def test_the_codebook_command_says_where_its_page_is_and_leads_back_only_to_a_report(
    tmp_path, capsys
):
    data, build = str(tmp_path / "data"), tmp_path / "build"
    command = ["forms", "codebook", "kendari", "--data", data, "--build", str(build)]
    assert _run(command) == 0
    page = build / "kendari" / "codebook.html"
    assert str(page) in capsys.readouterr().out
    assert "Kembali ke laporan" not in page.read_text("utf-8")
    assert not (tmp_path / "data").exists()
    (build / "kendari" / "index.html").write_text("x", encoding="utf-8")
    assert _run(command) == 0
    assert '<a class="noprint" href="index.html">' in page.read_text("utf-8")


def test_the_print_command_tells_machines_what_it_made(tmp_path, capsys):
    command = ["forms", "print", "kendari", "sesi", "--no-pdf", "--json", "--build", str(tmp_path)]
    assert _run(command) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["name"] == "sesi"
    assert told["pdf"] is None
    assert told["questions"] > 20
    assert (tmp_path / "kendari" / "cetak" / "sesi.html").read_text("utf-8").startswith("<!DOCTYPE")


def test_a_form_that_is_not_there_ends_with_the_code_of_a_questionnaire(tmp_path, capsys):
    assert _run(["forms", "print", "kendari", "tidak_ada", "--build", str(tmp_path)]) == 11
    assert "no questionnaire tidak_ada; there are" in " ".join(capsys.readouterr().err.split())
