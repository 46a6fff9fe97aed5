"""What the enumerators enter: answers to each form, and the phone they enter them on.

Nothing here knows which questions a form will ask. Every answer a person would give is offered;
the XForm engine takes those it asks for.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from analysis.instrument import Instrument
from analysis.simulation import AGE_BANDS, ContactDraw
from pipeline.fieldwork.draw import Worked, generator
from pipeline.fieldwork.parameters import Parameters, UnitField
from pipeline.fieldwork.timetable import Moments, upload
from pipeline.javarosa import Phone, seeded_uuid
from pipeline.settings import zone
from pipeline.study import Study
from pipeline.tables import read_table

UNSERVED = ("s_waktu", "s_produk")
"""Unsur that do not apply to whoever left without being served."""


@dataclass(frozen=True)
class Entry:
    """One submission to be: form, session, who enters it, the answers, the phone."""

    form_id: str
    session_id: str
    enumerator: str
    answers: Mapping[str, str]
    phone: Phone


def contact_entries(
    worked: Worked, instrument: Instrument, parameters: Parameters, seed: int
) -> Iterator[Entry]:
    """The contacts of a session as entries of `wawancara`."""
    session_id = worked.plan["session_id"]
    rng = generator(seed, f"contacts {session_id}")
    results = {
        c.columns.get("aapor", ""): c.name for c in instrument.choices_of(instrument["hasil"])
    }
    levels = {
        q.name: {round(s): c for c, s in instrument.scores_of(q).items()}
        for q in instrument.questions
        if q.is_closed
    }
    uses_tickets = parameters.fields[worked.plan["unit_id"]].counting == "tiket"
    order = [question.name for question in instrument.questions]
    for contact, moment in zip(worked.contacts, worked.moments, strict=True):
        answers = {
            "petugas": moment.enumerator,
            "sesi": session_id,
            "terlewat": "0",  # in a team of three every missed person gets a form
            "urut": str(contact.seq),
            "jk_amatan": contact.sex,
            "umur_amatan": _observed_age(contact, parameters.practice.age_misjudged, rng),
            **_outcome(contact, results, parameters, rng),
        }
        if uses_tickets:
            answers["tiket"] = f"A{worked.first_ticket + worked.position(contact.seq) - 1:03d}"
        if contact.outcome == "1.1":
            answers |= _interview(contact, levels)
            answers |= further_answers(
                parameters.fields[worked.plan["unit_id"]],
                generator(seed, f"further {session_id}/{contact.seq}"),
            )
        reached = reached_until(session_id, contact, parameters, seed)
        if reached is not None:
            answers, moment = _broken_off(answers, moment, order, reached)
        name = f"{session_id}/{contact.seq}"
        yield Entry(
            "wawancara",
            session_id,
            moment.enumerator,
            answers,
            _phone(name, moment, seed),
        )


def session_entries(worked: Worked, parameters: Parameters, seed: int) -> Iterator[Entry]:
    """The opening and the closing record of a session as entries of `sesi`."""
    session_id, unit_id = worked.plan["session_id"], worked.plan["unit_id"]
    unit, went = parameters.fields[unit_id], parameters.session(session_id)
    head = {"petugas": worked.lead, "sesi": session_id}
    opened = worked.begin - timedelta(minutes=9)
    selecting = {"cara_pilih": "tiket" if unit.counting == "tiket" else "k"}
    seen = observation(unit, generator(seed, f"observed {session_id}"))
    k, start = str(worked.draw.k), str(worked.draw.random_start)
    yield _record(
        session_id, worked.lead, opened, seed,
        {**head, "kegiatan": "buka", "pengumpul": unit.collector, "diumumkan": unit.announced,
         "akses": "ya", "unit_buka": "ya", "k": k, "mulai_acak": start, **selecting, **seen},
    )  # fmt: skip
    if not went.closing:
        return
    outcomes = [c.outcome for c in worked.contacts]
    stopped = [
        c for c in worked.contacts if reached_until(session_id, c, parameters, seed) is not None
    ]
    count = {"cara_hitung": unit.counting}
    if unit.counting == "tiket":
        count["tiket_awal"] = str(worked.first_ticket)
        count["tiket_akhir"] = str(worked.first_ticket + worked.visitors - 1)
    else:
        count[unit.counting] = str(worked.visitors)
    yield _record(
        session_id, worked.lead, worked.begin + timedelta(minutes=worked.minutes + 4), seed,
        {**head, **count, "kegiatan": "tutup", "menit": str(worked.minutes), "k_pakai": k,
         "pilih_pakai": selecting["cara_pilih"],
         "n_dipilih": str(len(outcomes)),
         "n_lengkap": str(outcomes.count("1.1") - len(stopped)),
         "n_menolak": str(sum(o.startswith("2.11") for o in outcomes)),
         "gangguan": "ya" if went.interference else "tidak", "ket_gangguan": went.interference},
    )  # fmt: skip


def further_answers(unit: UnitField, rng: np.random.Generator) -> dict[str, str]:
    """Answers to the questions on the unit's kind of service and to further closed questions."""
    said = {
        name: str(rng.choice(["ya", "tidak", "tt"], p=[0.97 * p, 0.97 * (1 - p), 0.03]))
        for name, p in unit.modules.items()
    }
    for name, shares in unit.extra.items():
        said[name] = str(rng.choice(list(shares), p=list(shares.values())))
    return said


def observation(unit: UnitField, rng: np.random.Generator) -> dict[str, str]:
    """What is observed at the unit before the block starts: one session, one pair of eyes."""
    seen = {name: "ya" if rng.random() < p else "tidak" for name, p in unit.observed.items()}
    counters = int(rng.integers(2, 7))
    staffed = counters - int(rng.random() < 0.4)
    return seen | {"loket_ada": str(counters), "loket_isi": str(staffed)}


def cancelled_entries(study: Study, parameters: Parameters, seed: int) -> Iterator[Entry]:
    """The records of sessions that were reported as cancelled."""
    for row in read_table(study.file("sessions.csv"), ["session_id", "unit_id", "date", "block"]):
        reason = parameters.session(row["session_id"]).cancelled
        if not reason:
            continue
        unit = study.unit(row["unit_id"])
        who = row.get("enumerator_plan", "").split()[0]
        when = datetime.combine(
            datetime.fromisoformat(row["date"]).date(),
            parameters.practice.start_of(row["block"]),
            zone(unit.timezone if unit else study.timezone),
        ) + timedelta(minutes=20)
        answers = {"petugas": who, "sesi": row["session_id"], "kegiatan": "batal",
                   "alasan_batal": reason}  # fmt: skip
        yield _record(row["session_id"], who, when, seed, answers)


def submitted(entries: list[Entry], late: float, seed: int) -> list[tuple[datetime, Entry]]:
    """When the server received each entry, in that order: a phone sends a day's work at once."""
    last: dict[tuple[str, str], datetime] = {}
    for entry in entries:
        day = (entry.enumerator, entry.phone.start.date().isoformat())
        last[day] = max(last.get(day, entry.phone.end), entry.phone.end)
    moments = {
        day: upload(end, late, generator(seed, f"upload {day}")) for day, end in last.items()
    }
    sent: dict[tuple[str, str], int] = {}
    received = []
    for entry in sorted(entries, key=lambda e: (e.phone.end, e.session_id, e.phone.instance_id)):
        day = (entry.enumerator, entry.phone.start.date().isoformat())
        sent[day] = sent.get(day, -1) + 1
        received.append((moments[day] + timedelta(seconds=2 * sent[day]), entry))
    return sorted(received, key=lambda pair: (pair[0], pair[1].phone.instance_id))


def _outcome(
    contact: ContactDraw,
    results: Mapping[str, str],
    parameters: Parameters,
    rng: np.random.Generator,
) -> dict[str, str]:
    """The result of the approach, and how far the screening got."""
    practice = parameters.practice
    listened, chance = results["1"], rng.random()
    if contact.outcome == "1.1":
        return {"hasil": listened, "setuju": "ya", "dewasa": "ya", "pegawai": "tidak"}
    if contact.outcome == "2.112" and chance < practice.refuse_at_consent:
        reason = rng.choice(["waktu", "minat", "khawatir", "percuma", ""])
        return {"hasil": listened, "setuju": "tidak", "alasan_tolak": str(reason)}
    if contact.outcome == "4.10" and chance < practice.found_out_later:
        return {"hasil": listened, "setuju": "ya", "dewasa": "ya", "pegawai": "ya"}
    if contact.outcome == "4.70" and chance < practice.found_out_later:
        return {"hasil": listened, "setuju": "ya", "dewasa": "tidak"}
    return {"hasil": results[contact.outcome]}


def reached_until(
    session_id: str, contact: ContactDraw, parameters: Parameters, seed: int
) -> float | None:
    """Share of the interview after which the person stopped; None for whoever did not."""
    if contact.outcome != "1.1":
        return None
    rng = generator(seed, f"break-off {session_id}/{contact.seq}")
    stopped = rng.random() < parameters.practice.break_off
    return float(rng.uniform(0.1, 0.9)) if stopped else None


def _broken_off(
    answers: Mapping[str, str], moment: Moments, order: list[str], reached: float
) -> tuple[dict[str, str], Moments]:
    """Answers up to where the person stopped and agreed that they be used, and when that was."""
    first = order.index("pegawai") + 1
    asked = order[: first + round(reached * (len(order) - first))]
    kept = {name: answer for name, answer in answers.items() if name in asked}
    ended = moment.consented + reached * (moment.ended - moment.consented)
    ended = ended.replace(microsecond=0)
    return kept | {"setuju": "henti"}, replace(moment, thanked=ended, ended=ended)


def _interview(contact: ContactDraw, levels: Mapping[str, Mapping[int, str]]) -> dict[str, str]:
    """Answers as codes; a level 1-4 becomes the choice that the questionnaire scores so."""
    answers = {"jk": contact.sex, "umur": str(contact.age), "serah": "OK", "selesai": "OK"}
    for item, value in contact.answers.items():
        if isinstance(value, str):
            answers[item] = value
        elif item in levels:
            answers[item] = levels[item][value]
        else:
            answers[item] = str(min(value, 600 if item == "tunggu" else 99))
    if answers.get("status_layanan") == "tanpa_dilayani":
        # Nothing was done for them yet, so there is no speed and no result to judge.
        answers |= dict.fromkeys(UNSERVED, "tb")
    return answers


def _observed_age(contact: ContactDraw, misjudged: float, rng: np.random.Generator) -> str:
    band = AGE_BANDS.index(contact.age_band)
    step = int(rng.choice([-1, 1])) if rng.random() < misjudged else 0
    return AGE_BANDS[min(max(band + step, 0), len(AGE_BANDS) - 1)]


def _chance(seed: int, name: str) -> int:
    """What a phone draws for one submission: another phone and hour draw something else."""
    return zlib.crc32(f"{seed}/{name}".encode())


def _phone(name: str, moment: Moments, seed: int) -> Phone:
    return Phone(
        start=moment.opened,
        end=moment.ended,
        instance_id=seeded_uuid(f"{seed}/{name}"),
        device_id=f"simulasi:{moment.enumerator}",
        seed=_chance(seed, name),
        at={"urut": moment.selected, "setuju": moment.consented, "selesai": moment.thanked},
    )


def _record(
    session_id: str, who: str, when: datetime, seed: int, answers: Mapping[str, str]
) -> Entry:
    phone = Phone(
        start=when,
        end=when + timedelta(seconds=240 if answers["kegiatan"] == "buka" else 80),
        instance_id=seeded_uuid(f"{seed}/{session_id}/{answers['kegiatan']}"),
        device_id=f"simulasi:{who}",
        seed=_chance(seed, f"{session_id}/{answers['kegiatan']}"),
        at={"kegiatan": when + timedelta(seconds=20)},
    )
    return Entry("sesi", session_id, who, {k: v for k, v in answers.items() if v}, phone)
