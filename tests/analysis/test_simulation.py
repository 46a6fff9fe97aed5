"""The declared parameters are the truth of the population that is drawn."""

import numpy as np
import pytest

from analysis.errors import SampleError
from analysis.simulation import (
    UnitModel,
    draw_enumerators,
    draw_population,
    draw_sessions,
    truth,
    truth_of_any,
)

MODEL = UnitModel(
    "u",
    visitors_per_block=200,
    busy_cv=0.5,
    busy_slope=0.4,
    session_sd=0.3,
    enumerator_sd=0.2,
    rates={"e_tunda": 0.3, "e_uang": 0.05, "a_tahu": 0.4, "a_adu": 0.2, "a_tanggap": 0.5},
    levels={"p_tata": 0.7, "s_waktu": 0.4, "t_buka": 0.6},
    reversed_items=("t_buka",),
    choices={"status_layanan": {"dilayani": 0.9, "tanpa_dilayani": 0.1}},
)


def answers(contacts, item):
    return [c.answers[item] for c in contacts if item in c.answers]


def everyone(seed, *, blocks=400, **changes):
    """All visitors of many blocks: k = 1 and every block worked."""
    fields = {**MODEL.__dict__, "blocks": blocks, "refusal": 0.0, "missed": 0.0, **changes}
    model = UnitModel(**fields)
    rng = np.random.default_rng(seed)
    population = draw_population(model, rng)
    staff = [f"e{i:02}" for i in range(40)]
    return population, draw_sessions(
        population,
        blocks,
        1,
        rng,
        enumerators=[staff] * blocks,
        effects=draw_enumerators(staff, model.enumerator_sd, rng),
    )


def test_of_all_visits_as_many_say_yes_as_was_declared():
    population, sessions = everyone(1, enumerator_sd=0.0)
    contacts = [c for s in sessions for c in s.contacts]
    assert len(contacts) > 70_000
    known = truth(population)
    for item in ("e_tunda", "e_uang", "a_tahu", "a_adu"):
        given = [a == "ya" for a in answers(contacts, item) if a in ("ya", "tidak")]
        # Four standard errors of that many answers.
        assert np.mean(given) == pytest.approx(known[item], abs=4 * 0.5 / np.sqrt(len(given)))


def test_mean_ratings_are_those_declared_also_where_the_wording_is_reversed():
    population, sessions = everyone(2, enumerator_sd=0.0)
    contacts = [c for s in sessions for c in s.contacts]
    known = truth(population)
    code = {"sts": 0, "ts": 1 / 3, "s": 2 / 3, "ss": 1}
    tata = np.mean([code[a] for a in answers(contacts, "p_tata") if a != "tt"])
    waktu = np.mean([(a - 1) / 3 for a in answers(contacts, "s_waktu")])
    buka = np.mean([1 - code[a] for a in answers(contacts, "t_buka") if a != "tt"])
    for found, item in ((tata, "p_tata"), (waktu, "s_waktu"), (buka, "t_buka")):
        assert found == pytest.approx(known[item], abs=0.006)


def test_truth_of_populations_averages_to_the_truth_of_the_model():
    rng = np.random.default_rng(3)
    fields = {**MODEL.__dict__, "blocks": 20_000}
    population = draw_population(UnitModel(**fields), rng)
    known = truth(population)
    for item, value in truth(MODEL).items():
        assert known[item] == pytest.approx(value, abs=0.006)


def test_unweighted_busy_blocks_are_worse_so_the_visitor_count_matters():
    rng = np.random.default_rng(4)
    population = draw_population(UnitModel(**{**MODEL.__dict__, "blocks": 20_000}), rng)
    by_visits = truth(population)["e_tunda"]
    plain = population.__class__(
        population.model, np.ones_like(population.visitors), population.busy, population.effect
    )
    assert truth(plain)["e_tunda"] < by_visits - 0.02


def test_any_of_one_item_is_that_item_and_of_more_lies_between_the_bounds():
    assert truth_of_any(MODEL, ["e_tunda"]) == pytest.approx(0.3, abs=1e-9)
    both = truth_of_any(MODEL, ["e_tunda", "e_uang"])
    # Correlated events: more than the larger, less than if they excluded each other.
    assert 0.3 < both < 1 - 0.7 * 0.95


def test_every_kth_visitor_is_selected_from_a_random_start():
    rng = np.random.default_rng(5)
    population = draw_population(MODEL, rng)
    for s in draw_sessions(population, 45, 7, rng):
        expected = len(range(s.random_start, s.visitors + 1, 7))
        assert [c.seq for c in s.contacts] == list(range(1, expected + 1))
        assert s.visitors == population.visitors[s.block]
        assert 1 <= s.random_start <= 7


def test_outcomes_come_at_the_declared_rates():
    _, sessions = everyone(
        6, refusal=0.2, missed=0.1, other=0.0, ineligible=0.05, unknown=0.0, busy_cv=0.01
    )
    outcome = np.array([c.outcome for s in sessions for c in s.contacts])
    share = {code: np.mean(outcome == code) for code in ("2.20", "2.111", "2.112")}
    assert share["2.20"] == pytest.approx(0.95 * 0.1, abs=0.01)
    assert share["2.111"] + share["2.112"] == pytest.approx(0.95 * 0.9 * 0.2, abs=0.015)


def test_only_interviews_hold_answers_and_the_complaint_path_is_a_path():
    _, sessions = everyone(7, blocks=40, refusal=0.2)
    for contact in (c for s in sessions for c in s.contacts):
        assert bool(contact.answers) == (contact.outcome == "1.1")
        assert ("a_tanggap" in contact.answers) == (contact.answers.get("a_adu") == "ya")


def test_the_same_seed_draws_the_same_fieldwork_and_another_one_another():
    def draw(seed):
        rng = np.random.default_rng(seed)
        return draw_sessions(draw_population(MODEL, rng), 8, 6, rng)

    assert draw(8) == draw(8)
    assert draw(8) != draw(9)


def test_enumerators_alternate_within_a_session():
    rng = np.random.default_rng(10)
    drawn = draw_sessions(draw_population(MODEL, rng), 1, 9, rng, enumerators=[["e1", "e2"]])
    assert [c.enumerator for c in drawn[0].contacts[:4]] == ["e1", "e2", "e1", "e2"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rates": {"e_tunda": 1.2}}, "e_tunda = 1.2 is no share"),
        ({"levels": {"p_tata": 1.0}}, "level of p_tata"),
        ({"choices": {"jk": {"L": 0.4}}}, "choices of jk must sum to 1"),
        ({"session_sd": -0.1}, "standard deviations of 0 or more"),
    ],
)
def test_impossible_parameters_are_refused(changes, words):
    with pytest.raises(SampleError, match=words):
        UnitModel("u", **changes)


def test_more_sessions_than_blocks_are_refused():
    rng = np.random.default_rng(11)
    with pytest.raises(SampleError, match="46 sessions asked of 45"):
        draw_sessions(draw_population(MODEL, rng), 46, 5, rng)
