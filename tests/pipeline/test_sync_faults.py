"""Over a line that fails in every way, and killed at any moment, a pull ends with the truth.

CI runs 20 seeds and 10 kills; `make proof` runs 200 and 100 and writes docs/sync_proof.md.
"""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from fakes.proxy import FAULTS
from fakes.sync_runs import Outcome, faulty_run, killed_pulls

SEEDS = 20
KILLS = 10
ALL_SEEDS = 200
ALL_KILLS = 100
PROOF = Path(__file__).parents[2] / "docs" / "sync_proof.md"


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_bad_line_ends_with_exactly_the_servers_truth(seed: int, tmp_path: Path) -> None:
    faulty_run(seed, tmp_path)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX")
def test_pulls_killed_at_random_moments_lose_nothing_and_tear_nothing(tmp_path: Path) -> None:
    died = killed_pulls(KILLS, 20261005, tmp_path)
    assert sum(died.values()) - died["done first"] == KILLS


@pytest.mark.slow
def test_the_whole_proof_of_bad_lines_and_kills(tmp_path: Path) -> None:
    outcomes = [faulty_run(seed, tmp_path) for seed in range(ALL_SEEDS)]
    faults = sum((o.faults for o in outcomes), Counter[str]())
    assert set(faults) == set(FAULTS), "every kind of fault was met"
    died = killed_pulls(ALL_KILLS, 20261006, tmp_path)
    if os.environ.get("PERSEPSI_WRITE_PROOF"):
        PROOF.write_text(proof(outcomes, died), encoding="utf-8")


def proof(outcomes: list[Outcome], died: Counter[str]) -> str:
    """The page that says what was run and what it met; no times, so that it stays as it is."""
    faults = sum((o.faults for o in outcomes), Counter[str]())
    events = sum((o.events for o in outcomes), Counter[str]())
    rows = [f"| {name} | {faults[name]} |" for name in FAULTS]
    happened = [f"| {name} | {count} |" for name, count in sorted(events.items())]
    deaths = [f"| {name} | {count} |" for name, count in sorted(died.items())]
    return "\n".join(
        [
            "# Proof: pulling over a bad line, and being killed",
            "",
            "Written by `PERSEPSI_WRITE_PROOF=1 python -m pytest -m slow "
            "tests/pipeline/test_sync_faults.py` (simulated submissions).",
            "",
            f"{len(outcomes)} seeded runs, each of four or more pulls through a proxy that spoils "
            "a quarter of all answers while people edit, validate, delete and send. "
            f"{sum(o.failed_pulls for o in outcomes)} pulls gave up with exit code 12 and were run "
            "again. Every run ended with exactly the submissions and files of the server, a store "
            "without damage, and no tombstone of a submission that was there.",
            "",
            "| fault | times |",
            "| --- | ---: |",
            *rows,
            "",
            "| what people did meanwhile | times |",
            "| --- | ---: |",
            *happened,
            "",
            f"{sum(died.values()) - died['done first']} pulls of one store met SIGKILL at a random "
            f"moment, {died['done first']} more were done before it came. The store verified after "
            "each, held all that was acknowledged, and ended with the truth.",
            "",
            "| where it died | times |",
            "| --- | ---: |",
            *deaths,
            "",
        ]
    )
