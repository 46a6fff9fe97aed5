# Reference numbers from R's package survey for calibration on totals of levels and of numbers, with
# the variance from residuals (taylor) and from replicates that are calibrated again (jkn), for
# tests/analysis/test_auxiliaries_golden.py.
#
#   Rscript tests/golden/r/auxiliaries.R > tests/golden/r/auxiliaries.csv
#
# Reads api_interviews.csv beside this script (simulated; nobody was asked). One estimate a line:
# design, totals, method, variance, domain, estimator, value, standard error, 17 digits.

suppressMessages(library(survey))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
d <- read.csv(file.path(here, "api_interviews.csv"))
d$sex <- factor(d$sex)
d$age <- factor(d$age)
d$signed <- d$x - 2.5
designs <- list(
  plain = svydesign(ids = ~psu, strata = ~stratum, weights = ~w, data = d),
  fpc = svydesign(ids = ~psu, strata = ~stratum, weights = ~w, fpc = ~N1, data = d),
  single = svydesign(ids = ~1, weights = ~w, data = d),
  two_stages = svydesign(ids = ~ psu + id, strata = ~stratum, weights = ~w, fpc = ~ N1 + N2, data = d)
)
people <- c("(Intercept)" = 720, sexP = 350, ageb = 260, agec = 205)
asked <- list(
  levels = list(~ sex + age, people),
  number = list(~ sex + age + x, c(people, x = 2200)),
  alone = list(~ x - 1, c(x = 2200)),
  signed = list(~ age + signed, c(people[c(1, 3, 4)], signed = 390))
)
methods <- list(
  linear = list("linear", c(-Inf, Inf)), raking = list("raking", c(-Inf, Inf)),
  linear_bounded = list("linear", c(0.85, 1.35)), raking_bounded = list("raking", c(0.85, 1.35)),
  logit = list("logit", c(0.6, 1.8))
)
p <- function(...) cat(paste(c(...), collapse = ","), "\n", sep = "")
show <- function(names, m) p(names, sprintf("%.17g", c(coef(m)[1], sqrt(vcov(m)[1, 1]))))
for (name in names(designs)) for (totals in names(asked)) for (method in names(methods)) {
  how <- methods[[method]]
  for (kind in c("taylor", "jkn")) {
    if (kind == "jkn" && name == "two_stages") next
    base <- designs[[name]]
    if (kind == "jkn") {
      type <- if (base$has.strata) "JKn" else "JK1"
      base <- as.svrepdesign(base, type = type, mse = TRUE, compress = FALSE)
    }
    ask <- function(...) {
      calibrate(base, asked[[totals]][[1]], asked[[totals]][[2]], calfun = how[[1]],
        bounds = how[[2]], epsilon = 1e-13, maxit = 500, ...)
    }
    made <- if (kind == "jkn") ask(compress = FALSE) else ask()
    key <- c(name, totals, method, kind)
    for (unit in c("", "A")) {
      s <- if (unit == "") made else subset(made, unit == "A")
      show(c(key, unit, "mean"), svymean(~score, s))
      show(c(key, unit, "total"), svytotal(~score, s))
      show(c(key, unit, "ratio"), svyratio(~score, ~x, s))
    }
  }
}
