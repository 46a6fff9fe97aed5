"""The people of a simulated fieldwork: who works where, whom they meet, in which block.

Every random number comes from the seed and a name (a unit, a session, a phone's day), so that
one session can be drawn without the others and comes out the same.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count

import numpy as np

from analysis.simulation import (
    ContactDraw,
    Population,
    SessionDraw,
    draw_enumerators,
    draw_population,
    draw_sessions,
)
from pipeline.errors import StudyError
from pipeline.fieldwork.parameters import Parameters
from pipeline.fieldwork.teams import assign
from pipeline.fieldwork.timetable import MISSED, Moments, timetable
from pipeline.settings import zone
from pipeline.study import Study
from pipeline.tables import number, read_table

Row = Mapping[str, str]


@dataclass(frozen=True)
class Worked:
    """A session as it happened: its row of the plan, its team, its draw and its start.

    `minutes` were covered, `visitors` left while they were, `contacts` were selected then;
    `first_ticket` is the queue number of the first of the visitors.
    """

    plan: Row
    team: tuple[str, ...]
    begin: datetime
    minutes: int
    visitors: int
    draw: SessionDraw
    contacts: tuple[ContactDraw, ...]
    moments: tuple[Moments, ...]
    first_ticket: int

    @property
    def lead(self) -> str:
        """The enumerator who opens and closes the session."""
        return self.team[0]

    def position(self, seq: int) -> int:
        """Which of the visitors, from 1, the contact with that number is."""
        return self.draw.random_start + (seq - 1) * self.draw.k


def generator(seed: int, name: str) -> np.random.Generator:
    """Random numbers that depend on the seed and a name alone."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def populations(parameters: Parameters, seed: int) -> dict[str, Population]:
    """The blocks of every unit's field window, with their visitors."""
    return {
        unit_id: draw_population(model, generator(seed, f"unit {unit_id}"))
        for unit_id, model in parameters.models.items()
    }


def work(study: Study, parameters: Parameters, seed: int) -> list[Worked]:
    """Every session that was worked, in the order of the plan.

    Raises
    ------
    StudyError
        Where the plan names a unit, day or block the parameters do not have.
    """
    path = study.file("sessions.csv")
    plan = read_table(path, ["session_id", "unit_id", "date", "block", "k_plan"])
    rows = [
        row
        for row in plan
        if row.get("cadangan") != "ya" and parameters.session(row["session_id"]).worked
    ]
    for row in rows:
        if row["unit_id"] not in parameters.models:
            raise StudyError(
                f"{path}: session {row['session_id']} is at {row['unit_id']}, for which "
                f"simulasi/parameter.toml declares nothing. Add [unit.{row['unit_id']}] there."
            )
    roster = [
        r["enumerator_id"] for r in read_table(study.file("enumerators.csv"), ["enumerator_id"])
    ]
    teams = assign(rows, roster, parameters)
    drawn = populations(parameters, seed)
    calendar = {
        unit_id: _calendar(study, population, parameters, generator(seed, f"calendar {unit_id}"))
        for unit_id, population in drawn.items()
    }
    mood = draw_enumerators(roster, 1.0, generator(seed, "enumerators"))
    return [
        _session(study, parameters, row, teams[row["session_id"]], drawn[row["unit_id"]],
                 calendar[row["unit_id"]], mood, seed)
        for row in rows
    ]  # fmt: skip


def _session(
    study: Study,
    parameters: Parameters,
    row: Row,
    team: tuple[str, ...],
    population: Population,
    calendar: Mapping[tuple[str, str], int],
    mood: Mapping[str, float],
    seed: int,
) -> Worked:
    session_id = row["session_id"]
    went = parameters.session(session_id)
    block = calendar.get((row["date"], row["block"]))
    if block is None:
        raise StudyError(
            f"{study.file('sessions.csv')}: session {session_id} lies on {row['date']} "
            f"{row['block']}, which is no block of the wave's field window."
        )
    k = number(row["k_plan"], f"{study.file('sessions.csv')}, {session_id}, k_plan")
    if k is None or k < 1:
        raise StudyError(
            f"{study.file('sessions.csv')}: session {session_id} has no k_plan of 1 or more; "
            "without it nobody can be selected."
        )
    k = int(k)
    for name in (f"session {session_id} {attempt}" for attempt in count()):
        draw = draw_sessions(population, 1, k, generator(seed, name), blocks=[block])[0]
        # The plan has already drawn the start; conditional on it everything else stays as drawn.
        if row.get("random_start", "") in {"", str(draw.random_start)}:
            break
    unit = study.unit(row["unit_id"])
    local = zone(unit.timezone if unit else study.timezone)
    begin = datetime.combine(
        date.fromisoformat(row["date"]), parameters.practice.start_of(row["block"]), local
    )
    rng = generator(seed, f"work {session_id}")
    minutes = round(float(row.get("block_minutes") or 120) * went.covered)
    if went.covered == 1.0:
        minutes -= int(rng.integers(0, 5))  # nobody stands there to the second
    visitors = round(draw.visitors * went.covered)
    places = list(range(draw.random_start, visitors + 1, k))
    moments = timetable(
        draw.contacts[: len(places)], [p / (visitors + 1) for p in places], team, begin, minutes,
        parameters.practice, rng,
    )  # fmt: skip
    # Who meets whom is known only now. The same random numbers with the enumerators' own effects
    # give the same people with the same outcomes; only what they answer shifts.
    staff = [m.enumerator for m in moments] + [team[0]] * (len(draw.contacts) - len(moments))
    sd = population.model.enumerator_sd
    met = draw_sessions(
        population, 1, k, generator(seed, name), blocks=[block], enumerators=[staff],
        effects={who: sd * value for who, value in mood.items()},
    )[0].contacts  # fmt: skip
    return Worked(
        plan=row,
        team=team,
        begin=begin,
        minutes=minutes,
        visitors=visitors,
        draw=draw,
        contacts=tuple(
            replace(c, outcome=MISSED, answers={}) if m.missed else c
            for c, m in zip(met, moments, strict=False)
        ),
        moments=tuple(moments),
        first_ticket=int(rng.integers(1, 4)) + (0 if row["block"] == "pagi" else 90),
    )


def _calendar(
    study: Study, population: Population, parameters: Parameters, rng: np.random.Generator
) -> dict[tuple[str, str], int]:
    """(date, block) to the population's block: busy ones fall on Mondays more often than not."""
    wave = study.wave
    if wave.start is None or wave.end is None:
        raise StudyError(
            f"{study.file('study.toml')} [[wave]]: start and end are missing; simulated fieldwork "
            "needs the field window."
        )
    days = [wave.start + timedelta(days=i) for i in range((wave.end - wave.start).days + 1)]
    cells = [
        (day, block)
        for day in days
        if day.weekday() < 5
        for block in parameters.practice.block_start
    ]
    if len(cells) != population.model.blocks:
        raise StudyError(
            f"{study.file('simulasi/parameter.toml')}: unit {population.model.unit_id} has "
            f"{population.model.blocks} blocks, but the wave has {len(cells)} (its weekdays times "
            "the blocks of [lapangan]). Make them equal."
        )
    crowd = -(population.busy + rng.standard_normal(len(cells)))
    monday = -2.0 * np.array([day.weekday() == 0 for day, _ in cells])
    slots = np.argsort(monday + rng.random(len(cells)), kind="stable")
    order = np.argsort(crowd, kind="stable")
    return {
        (cells[int(slot)][0].isoformat(), cells[int(slot)][1]): int(block)
        for slot, block in zip(slots, order, strict=True)
    }
