"""Should the jackknife cut the weights again in every replicate? Simulated, seed 20261124.

`python -m benchmarks.trimming_study` prints a table: over many samples of a unit whose weights are
cut above 4 times their median and raised to the old total, and then raked to sex, the standard
deviation of the estimate, the root of the mean of two variances (cut weights held fixed; cut anew
in every replicate), their own coefficients of variation, and what intervals by t cover.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]

SEED, SAMPLES, LIMIT = 20261124, 4000, 4.0


@dataclass(frozen=True)
class Setting:
    """A unit: sessions, interviews of each, spread of weights, and how answers follow them."""

    sessions: int
    interviews: int
    spread: float
    slope: float
    between: float

    def sample(self, rng: np.random.Generator) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """(G, m) weights, answers and sexes; half of the spread of weights is of sessions."""
        shape = (self.sessions, self.interviews)
        crowd = rng.normal(0, 1, (self.sessions, 1))
        own = rng.normal(0, 1, shape)
        log = self.spread * (crowd + own) / np.sqrt(2)
        woman = rng.random(shape) < 0.55
        answer = self.slope * log + self.between * crowd + 0.5 * woman + rng.normal(0, 1, shape)
        return np.exp(log), answer, woman


def cut(weight: Floats) -> Floats:
    """Weights of R replicates (R, n), 0 where left out: cut at the limit, raised to their sum."""
    median = np.nanmedian(np.where(weight > 0, weight, np.nan), axis=1, keepdims=True)
    lower = np.minimum(weight, LIMIT * median)
    return lower * weight.sum(axis=1, keepdims=True) / lower.sum(axis=1, keepdims=True)


def raked(weight: Floats, woman: NDArray[np.bool_]) -> Floats:
    """The same brought to 55 women of 100."""
    of_women = (weight * woman).sum(axis=1, keepdims=True)
    of_men = weight.sum(axis=1, keepdims=True) - of_women
    return weight * np.where(woman, 0.55 / of_women, 0.45 / of_men)


def both(weight: Floats, answer: Floats, woman: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Estimate, and its variance with cut weights held fixed and cut anew."""
    sessions, m = weight.shape
    w, y, sex = weight.ravel(), answer.ravel(), woman.ravel()
    left = np.repeat(1 - np.eye(sessions), m, axis=1) * sessions / (sessions - 1)
    once = cut(w[None])
    estimate = float((raked(once, sex) * y).sum())
    found = []
    for replicate in (once * left, cut(w * left)):
        moved = (raked(replicate, sex) * y).sum(axis=1) - estimate
        found.append(float((sessions - 1) / sessions * (moved**2).sum()))
    return estimate, found[0], found[1]


def study(setting: Setting, rng: np.random.Generator, samples: int = SAMPLES) -> dict[str, float]:
    """SD of the estimates, and for both variances their root mean, spread and coverage."""
    made = np.array([both(*setting.sample(rng)) for _ in range(samples)])
    # What cut weights aim at is their own mean, of ever larger samples of the same sessions.
    truth, sd = float(made[:, 0].mean()), float(made[:, 0].std())
    reach = float(stdtrit(setting.sessions - 1, 0.975))
    out = {"sd": sd}
    for name, v in (("fixed", made[:, 1]), ("anew", made[:, 2])):
        out[name] = float(np.sqrt(v.mean())) / sd
        out[f"cv_{name}"] = float(np.sqrt(v).std() / np.sqrt(v).mean())
        out[f"covers_{name}"] = float((np.abs(made[:, 0] - truth) <= reach * np.sqrt(v)).mean())
    return out


SETTINGS = [
    Setting(sessions, interviews, spread, slope, between)
    for sessions, interviews in ((8, 12), (12, 8), (20, 20))
    for spread in (0.7, 1.1)
    for slope, between in ((0.0, 0.3), (0.5, 0.3))
]


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(SEED)
    print("| sessions | interviews each | SD of log weights | slope | SE / SD, fixed | anew |"
          " CV of SE, fixed | anew | covers, fixed | anew |")  # fmt: skip
    print("| --- " * 10 + "|")
    for s in SETTINGS:
        r = study(s, rng)
        print(
            f"| {s.sessions} | {s.interviews} | {s.spread:g} | {s.slope:g} | {r['fixed']:.3f} | "
            f"{r['anew']:.3f} | {r['cv_fixed']:.3f} | {r['cv_anew']:.3f} | "
            f"{r['covers_fixed']:.3f} | {r['covers_anew']:.3f} |"
        )


if __name__ == "__main__":
    main()
