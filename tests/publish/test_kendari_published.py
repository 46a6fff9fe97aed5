"""The default study on a server of its own: published, filled, pulled."""

import gzip
import json
import shutil
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from small_study import planned, published, silent

from pipeline.assets_file import read_published
from pipeline.gather import gather
from pipeline.sandbox import TOKEN, VIEWER_TOKEN
from pipeline.study import open_study, study_folder

ROWS = 20


def test_the_default_study_goes_out_whole_and_pull_finds_its_submissions(tmp_path, sandbox):
    folder = tmp_path / "kendari"
    shutil.copytree(study_folder("kendari"), folder)
    text = (folder / "study.toml").read_text("utf-8")
    text = text.replace('kind = "sandbox"', f'kind = "kobo"\nurl = "{sandbox.url}"', 1)
    (folder / "study.toml").write_text(text.replace('id = "sandbox"', 'id = "uji"', 1), "utf-8")
    study = open_study(str(folder))

    done = {outcome.form: outcome for outcome in published(study)}
    assert all(outcome.verified and not outcome.lost for outcome in done.values())
    assert all(plan.nothing for plan in planned(study))
    media = {one.form: set(one.media) for one in read_published(folder)}
    assert media == {
        "wawancara": {"enumerators.csv", "sessions.csv"},
        "sesi": {"enumerators.csv", "sessions.csv", "units.csv"},
    }
    for form, outcome in done.items():
        with gzip.open(folder / "simulasi" / f"{form}.jsonl.gz", "rt", encoding="utf-8") as lines:
            sandbox.state.load(outcome.asset, map(json.loads, islice(lines, ROWS)))

    gathered = gather(
        study, data=tmp_path / "data", environ={"KOBO_TOKEN": TOKEN},
        now=lambda: datetime.now(UTC), say=silent,
    )  # fmt: skip
    assert {(one.form_id, one.new) for one in gathered.summary.forms} == {
        ("wawancara", ROWS), ("sesi", ROWS),
    }  # fmt: skip
    assert not any(
        token in path.read_text("utf-8", "replace")
        for path in Path(folder).glob("*.toml")
        for token in (TOKEN, VIEWER_TOKEN)
    )
