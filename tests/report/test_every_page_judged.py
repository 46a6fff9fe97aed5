"""Every page of every study before every judge, at both widths: a long proof."""

import pytest
import sample_results
import sample_studies
from browser import Browser

from pipeline.editions import EDITIONS, released
from pipeline.report.render import render_reports
from tests.npm import installed_or_skipped
from tests.pages.validators import LOCK, NAME, html_validate, judged, links, vnu

pytestmark = [pytest.mark.slow, pytest.mark.chromium, pytest.mark.java, pytest.mark.node]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("judged")
    for edition in EDITIONS:
        render_reports(released(sample_results.kendari(), edition), base / edition)
        render_reports(released(sample_studies.hostile(), edition), base / f"hostile-{edition}")
    for selection in ("quota", "volunteer"):
        render_reports(sample_results.kendari(selection=selection), base / selection)
        render_reports(sample_results.foreign(selection), base / f"foreign-{selection}")
    render_reports(sample_studies.large(), base / "large")
    return base


def test_every_page_of_every_study_is_clean(folder):
    packages = installed_or_skipped(LOCK, NAME)
    files = sorted(folder.rglob("*.html"))
    assert len(files) > 250
    assert vnu(packages, files) == []
    assert html_validate(packages, files) == []
    assert [line for build in sorted(folder.iterdir()) for line in links(build)] == []
    with Browser() as browser:
        found = [judged(packages, browser, path, w) for path in files for w in (390, 1280)]
    assert [line for lines in found for line in lines] == []
