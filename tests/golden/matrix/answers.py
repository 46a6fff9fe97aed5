"""What our library says to a case of the golden matrix, by the names that matrix.R uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from analysis import calibrated, calibration, cells, contrasts, intervals, margins, variance, waves
from analysis.answers import one_per_choice
from analysis.cell_moments import cell_moments
from analysis.design import Coded, Floats, code, collapse, units_of_strata
from analysis.given_replicates import GivenReplicates, given_replicates
from analysis.jackknife import jackknife
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.predictors import predictors
from analysis.quantiles import Method, domain_quantiles
from analysis.raked_jackknife import reraked
from analysis.raoscott import association
from analysis.ratios import domain_ratios, in_common
from analysis.regression import regress
from analysis.replicates import ratios
from analysis.reraking import raking_of
from analysis.totals import domain_totals
from analysis.variance import Lonely, Means
from tests.golden.matrix.cells import BOUNDS, DESIGNS, HERE, TRIM, Case, column_of, frame

LEVEL = 0.95
Numbers = dict[str, float]
MEASURES = {
    "mean": ("score",), "proportion": ("any", "known"), "zero": ("never",),
    "total": ("minutes", "any"), "ratio": ("minutes", "visits"),
    "between_domains": ("any",), "between_measures": ("any", "known"), "between_units": ("score",),
}  # fmt: skip
TOP = {"mean": 100.0, "index": 100.0}


def in_vain(data: str) -> dict[str, str]:
    """PSUs that gave no interview, with their strata."""
    if data != "empty":
        return {}
    every = pd.read_csv(HERE / "empty.csv", dtype=str)
    rows = every[every["real"] == "0"]
    return dict(zip(rows["psu"], rows["stratum"], strict=True))


@cache
def coded(design: str, column: str, wave: str = "1") -> Coded:
    drawn = DESIGNS[design]
    rows = frame(drawn.data, wave)
    found = code(rows, drawn.columns, domain=column, empty=in_vain(drawn.data))
    if drawn.lonely != "collapse":
        return found
    by_unit = code(rows, drawn.columns, domain="unit")
    psus, _ = collapse(by_unit.psus, units_of_strata(by_unit))
    return replace(found, psus=psus)


@cache
def margins_of(design: str, *names: str) -> margins.Margins:
    given = pd.read_csv(HERE / "margins.csv")
    given = given[given["design"] == design]
    totals = {
        name: dict(given.loc[given["margin"] == name, ["level", "total"]].to_numpy().tolist())
        for name in names
    }
    return margins.Margins("kunjungan", totals)


def cells_of(design: str, how: str) -> cells.Cells:
    names = ("sex:age",) if how == "poststratify" else ("sex", "age")
    return cells.read_cells(frame(DESIGNS[design].data), margins_of(design, *names))


@cache
def fitted(design: str, how: str) -> calibration.Calibration:
    asked = cells_of(design, how)
    method = "raking"
    if how in ("linear", "linear_bounded", "logit"):
        method = how.partition("_")[0]
    trim = TRIM.get(design, 2.0) if how == "trimmed" else np.inf
    return calibration.calibrate(
        coded(design, ""), asked, method=method, bounds=BOUNDS.get(how), trim=trim
    )


def measures(data: str, names: Sequence[str], wave: str = "1") -> list[Measure]:
    rows = frame(data, wave)
    return [
        Measure("r", name, "", "mean", rows[name].to_numpy(dtype=float), -np.inf, np.inf)
        for name in names
    ]


@dataclass(frozen=True, eq=False)
class Asked:
    """A case taken apart, and its sample."""

    design: str
    calibration: str
    variance: str
    domain: str
    estimator: str

    @property
    def data(self) -> str:
        return DESIGNS[self.design].data

    @property
    def lonely(self) -> Lonely:
        policy = DESIGNS[self.design].lonely
        return "fail" if policy == "collapse" else policy

    @property
    def coded(self) -> Coded:
        return coded(self.design, column_of(self.domain))

    @property
    def fitted(self) -> calibration.Calibration | None:
        return None if self.calibration == "none" else fitted(self.design, self.calibration)


def answer(case: Case) -> dict[str, Numbers]:
    """Numbers of a case by measure.

    Raises
    ------
    LonelyPSUError
        Where R stops for a lonely PSU too.
    """
    a = Asked(*case[1:])
    match a.estimator:
        case "quantile":
            return of_quantiles(a)
        case "association":
            return {"age:any": of_table(a)}
        case "linear" | "logistic":
            return of_model(a)
        case "between_waves":
            return {"any": of_waves(a)}
        case "index":
            return {"index": of_index(a)}
        case "between_domains" | "between_measures" | "between_units":
            return of_contrast(a)
        case _:
            return of_means(a)


def of_means(a: Asked) -> dict[str, Numbers]:
    if a.estimator == "share":
        made = one_per_choice("r", "choice", frame(a.data)["choice"], list("abcd"))
        labels = [f"choice={m.category}" for m in made]
    else:
        made = measures(a.data, MEASURES[a.estimator])
        labels = [m.name for m in made]
    if a.estimator == "ratio":
        made, labels = list(in_common(*made)), ["minutes/visits"]
    means, v, df = estimated(a, made)
    d = means.moments.domains.index(a.domain)
    return {
        label: numbers(
            a, means.value[d, k], np.sqrt(v[d, k]), df[d, k], means.n[d, k], means.kish[d, k]
        )
        for k, label in enumerate(labels)
    }


def estimated(a: Asked, made: Sequence[Measure]) -> tuple[Means, Floats, Floats]:
    """Estimates, their variances and degrees of freedom, all (D, K)."""
    ratio = a.estimator == "ratio"
    if a.variance == "replicates":
        top, per = (made[:1], made[1:]) if ratio else (made, ())
        found = given_replicates(
            frame(a.data), a.coded, top, spec(DESIGNS[a.design].given), per=per
        )
        return found.means, found.variance, found.df
    if a.calibration != "none" and a.variance == "taylor":
        done = calibrated.calibrated_means(a.coded, fitted(a.design, a.calibration), made)
        return done.means, calibrated.variances(done, a.lonely), done.means.df
    if a.calibration != "none":
        asked = cells_of(a.design, a.calibration)
        sums = cell_moments(a.coded, made, asked.cell, asked.size)
        again = raking_of(asked, fitted(a.design, a.calibration).distance)
        redone = reraked(ratios(sums, [(0, 1)]) if ratio else sums, again, a.lonely)
        return redone.means, redone.variance, redone.df
    moments = psu_moments(a.coded, made)
    if a.variance == "jkn":
        means = variance.domain_means(ratios(moments, [(0, 1)]) if ratio else moments)
        left_out = jackknife(means, a.lonely)
        return left_out.means, left_out.variance, left_out.df
    if ratio:
        means = domain_ratios(moments, [(0, 1)])
    elif a.estimator == "total":
        means = domain_totals(moments)
    else:
        means = variance.domain_means(moments)
    # Of this domain alone: a lonely PSU in another one is no reason to stop.
    d = means.moments.domains.index(a.domain)
    v = np.full(means.value.shape, np.nan)
    for k in range(means.value.shape[1]):
        v[d, k] = variance.contrast(means, {(d, k): 1.0}, a.lonely)[1]
    return means, v, means.df


def spec(prefix: str) -> GivenReplicates:
    kind = {"jka": "JK1", "jkn": "JKn", "brr": "BRR", "fay": "Fay", "boot": "bootstrap"}[prefix]
    size = 20 if prefix == "boot" else 16
    return GivenReplicates(
        tuple(f"{prefix}{r + 1}" for r in range(size)), kind, combined=kind in ("BRR", "Fay"),
        rscales=(0.5,) * 16 if kind == "JKn" else (), rho=0.3 if kind == "Fay" else None,
    )  # fmt: skip


def numbers(a: Asked, value: float, se: float, df: float, n: float, kish: float) -> Numbers:
    """Value, error and every interval of the estimator, from the functions that the tables use."""
    out: Numbers = {"value": value, "df": df}

    def put(name: str, ends: intervals.Interval) -> None:
        out[f"{name}_low"], out[f"{name}_high"] = float(ends[0]), float(ends[1])

    if a.estimator == "zero":
        put("wilson", intervals.wilson(value, kish, df, LEVEL))
        out["exact_high"] = float(intervals.exact_upper(kish, LEVEL))
        return out
    out["se"] = se
    put("t", intervals.t(value, se, df, LEVEL))
    if a.estimator in ("mean", "index", "proportion", "share"):
        put("t_logit", intervals.t_logit(value, se, df, LEVEL, 0.0, TOP.get(a.estimator, 1.0)))
    if a.estimator in ("proportion", "share"):
        n_eff = intervals.effective_n(value, se, kish)
        put("wilson", intervals.wilson(value, n_eff, df, LEVEL))
        put("korn_graubard", intervals.korn_graubard(value, n_eff, n, df, LEVEL))
    return out


def of_index(a: Asked) -> Numbers:
    both = frame(a.data)[["ease100", "care100"]].mean(axis=1, skipna=False)
    made = measures(a.data, ("ease100", "care100"))
    made.append(replace(made[0], name="index", values=both.to_numpy(dtype=float)))
    d = a.coded.domains.index(a.domain)
    value, v, means = combination(a, made, {(d, 0): 0.5, (d, 1): 0.5})
    return numbers(a, value, np.sqrt(v), means.df[d, 2], means.n[d, 2], np.nan)


def of_contrast(a: Asked) -> dict[str, Numbers]:
    made = measures(a.data, MEASURES[a.estimator])
    inside = "" if a.domain == "all" else a.domain
    if a.estimator == "between_measures":
        label, column, wanted = "any-known", column_of(a.domain), {}
        at = coded(a.design, column).domains.index(a.domain)
        wanted = {(at, 0): 1.0, (at, 1): -1.0}
    else:
        label = made[0].name
        column = "by_both" if inside else {"between_domains": "by_sex"}.get(a.estimator, "by_unit")
        names = coded(a.design, column).domains
        factors = (
            {f"{inside}&sex=P": 1.0, f"{inside}&sex=L": -1.0}
            if a.estimator == "between_domains"
            else {f"unit=1&{inside}": 1.0, f"unit=2&{inside}": -0.5, f"unit=3&{inside}": -0.5}
        )
        wanted = {(names.index(name.strip("&")), 0): f for name, f in factors.items()}
    value, v, means = combination(a, made, wanted, column)
    df = contrasts.contrasts(means, [wanted], "adjust").df
    return {label: numbers(a, value, np.sqrt(v), df, np.nan, np.nan)}


def combination(
    a: Asked, made: Sequence[Measure], wanted: Mapping[tuple[int, int], float], column: str = ""
) -> tuple[float, float, Means]:
    sample = coded(a.design, column or column_of(a.domain))
    if a.calibration != "none":
        done = calibrated.calibrated_means(sample, fitted(a.design, a.calibration), made)
        return *calibrated.contrast(done, wanted, a.lonely), done.means
    means = variance.domain_means(psu_moments(sample, made))
    return *variance.contrast(means, wanted, a.lonely), means


def of_waves(a: Asked) -> Numbers:
    column = column_of(a.domain)
    before, after = (
        variance.domain_means(
            psu_moments(coded(a.design, column, w), measures(a.data, ("any",), w))
        )
        for w in ("1", "2")
    )
    moved = waves.change(before, after, a.lonely)
    d = moved.domains.index(a.domain)
    found = (moved.value[d, 0], np.sqrt(moved.variance[d, 0]), moved.df[d, 0])
    return numbers(a, *map(float, found), np.nan, np.nan)


def of_quantiles(a: Asked) -> dict[str, Numbers]:
    shares = (0.25, 0.5, 0.75)
    out: dict[str, Numbers] = {f"minutes@{p}": {} for p in shares}
    methods: dict[str, Method] = {"t": "mean", "logit": "xlogit", "wilson": "wilson"}
    for name, method in methods.items():
        q = domain_quantiles(
            a.coded, measures(a.data, ("minutes",)), shares, method=method, lonely=a.lonely
        )
        d = q.domains.index(a.domain)
        for k, p in enumerate(shares):
            own = out[f"minutes@{p}"]
            own["value"], own["df"] = q.value[d, 0, k], q.df[d, 0]
            own[f"woodruff_{name}_low"] = q.low[d, 0, k]
            own[f"woodruff_{name}_high"] = q.high[d, 0, k]
            if name != "wilson":
                own[f"woodruff_{name}_se"] = q.se[d, 0, k]
    return out


def of_table(a: Asked) -> Numbers:
    rows = frame(a.data)
    found = association(
        a.coded, rows["age"], rows["any"].astype(str), domain=a.domain, lonely=a.lonely,
        calibration=a.fitted,
    )  # fmt: skip
    return {"f": found.f, "d0": found.f_df[0], "p": found.f_p, "chisq_p": found.chisq_p}


def of_model(a: Asked) -> dict[str, Numbers]:
    outcome = measures(a.data, ("score" if a.estimator == "linear" else "any",))[0]
    x = predictors(frame(a.data)[["age", "visits"]])
    fit = regress(
        a.coded, outcome, x, family=a.estimator, domain=a.domain, lonely=a.lonely,
        calibration=a.fitted,
    )  # fmt: skip
    return {
        name: {
            "value": fit.value[i], "se": fit.se[i], "df": fit.df,
            "t_low": fit.low[i], "t_high": fit.high[i], "p": fit.p[i],
        }
        for i, name in enumerate(fit.names)
    }  # fmt: skip
