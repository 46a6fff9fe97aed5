import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.raking import rake, rake_cells

BRIEF = settings(max_examples=50, deadline=None)
SEX, AGE = np.repeat([0, 1], 3), np.tile(np.arange(3), 2)


def problem(seed: int, replicates: int = 1) -> tuple[np.ndarray, list[np.ndarray]]:
    """Cells of two margins and targets that some positive factors meet."""
    rng = np.random.default_rng(seed)
    base = rng.uniform(5, 200, (replicates, 6))
    wanted = rng.uniform(5, 200, 6)
    return base, [np.bincount(SEX, wanted), np.bincount(AGE, wanted)]


def test_one_margin_is_reached_in_one_step_by_hand():
    # Level 0 holds 1 + 3 = 4 and should be 8; level 1 holds 5 and should be 1.
    found = rake([1.0, 3.0, 5.0], [[0, 0, 1]], [[8.0, 1.0]])
    assert found.factors.tolist() == [2.0, 2.0, 0.2]
    assert found.iterations == 2  # the second round only looks


def test_two_by_two_by_hand():
    # Odds ratio (1*4)/(2*2) = 1 is kept, so cells are products: 30*40/100 and so on.
    factors = rake_cells([1.0, 2.0, 2.0, 4.0], [[0, 0, 1, 1], [0, 1, 0, 1]], [[30, 70], [40, 60]])
    assert factors * [1, 2, 2, 4] == pytest.approx([12, 18, 28, 42])


@BRIEF
@given(st.integers(0, 2**31))
def test_every_margin_is_met_to_one_in_ten_billion(seed):
    base, targets = problem(seed, 5)
    total = base * rake_cells(base, [SEX, AGE], targets)
    for level, target in zip((SEX, AGE), targets, strict=True):
        for row in total:
            assert np.bincount(level, row) == pytest.approx(target, rel=1e-10)


@BRIEF
@given(st.integers(0, 2**31))
def test_factors_are_products_of_one_number_for_each_level(seed):
    base, targets = problem(seed)
    f = np.log(rake_cells(base, [SEX, AGE], targets)[0]).reshape(2, 3)
    assert f[0] - f[1] == pytest.approx(np.full(3, f[0, 0] - f[1, 0]), abs=1e-9)


def test_a_replicate_gets_the_same_bits_alone_and_among_others():
    base, targets = problem(4, 40)
    together = rake_cells(base, [SEX, AGE], targets)
    for r in (0, 17, 39):
        alone = rake_cells(base[r], [SEX, AGE], targets)
        assert alone.tobytes() == together[r].tobytes()
        few = rake(base[r], [SEX, AGE], targets).iterations
        assert few == rake(base, [SEX, AGE], targets).iterations[r]
    assert rake_cells(base[:5], [SEX, AGE], targets).tobytes() == together[:5].tobytes()


def test_leading_axes_keep_their_shape():
    base, targets = problem(5, 6)
    flat = rake(base, [SEX, AGE], targets)
    deep = rake(base.reshape(2, 3, 6), [SEX, AGE], targets)
    assert deep.factors.shape == (2, 3, 6)
    assert deep.iterations.shape == deep.gap.shape == deep.converged.shape == (2, 3)
    assert deep.factors.reshape(6, 6).tobytes() == flat.factors.tobytes()


def test_a_replicate_with_nobody_left_in_a_level_is_nan_and_spares_the_others():
    base, targets = problem(6, 3)
    base[1, SEX == 0] = 0
    factors = rake_cells(base, [SEX, AGE], targets)
    assert np.isnan(factors[1]).all()
    assert np.isfinite(factors[[0, 2]]).all()
    found = rake(base, [SEX, AGE], targets)
    assert found.iterations[1] == 0
    assert np.isinf(found.gap[1])
    assert found.converged.tolist() == [True, False, True]
    assert factors[2].tobytes() == rake_cells(base[2], [SEX, AGE], targets).tobytes()


def test_an_empty_cell_still_has_the_factor_of_its_levels():
    base, targets = problem(7)
    base[0, 0] = 0
    f = rake_cells(base, [SEX, AGE], targets)[0]
    assert np.isfinite(f).all()
    assert f[0] / f[3] == pytest.approx(f[1] / f[4], rel=1e-9)


def test_margins_that_cannot_both_be_met_are_nan_and_reported():
    # Only L is young and only P is old, but the margins want 60 L and 30 young.
    found = rake([10.0, 10.0], [[0, 1], [0, 1]], [[60.0, 40.0], [30.0, 70.0]], max_iter=30)
    assert not found.converged
    assert found.iterations == 30
    assert found.gap > 0.5
    assert np.isnan(rake_cells([10.0, 10.0], [[0, 1]] * 2, [[60, 40], [30, 70]])).all()


@BRIEF
@given(st.integers(0, 2**31), st.floats(1e-3, 1e3))
def test_base_weights_of_any_scale_give_the_same_final_weights(seed, scale):
    base, targets = problem(seed)
    one = base * rake_cells(base, [SEX, AGE], targets)
    other = base * scale * rake_cells(base * scale, [SEX, AGE], targets)
    assert other == pytest.approx(one, rel=1e-9)
