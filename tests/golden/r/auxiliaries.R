# Reference numbers from R's package survey for calibration on totals of levels and of numbers, with
# the variance from residuals (taylor) and from replicates that are calibrated again (jkn), for
# tests/analysis/test_auxiliaries_golden.py.
#
#   Rscript tests/golden/r/auxiliaries.R > tests/golden/r/auxiliaries.csv
#
# Reads api_interviews.csv beside this script (simulated; nobody was asked). One estimate a line:
# design, totals, method, variance, domain, estimator, value, standard error, 17 digits; NaN where a replicate
# cannot meet the totals within the bounds.

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
  linear_bounded = list("linear", c(0.91, 1.21)), raking_bounded = list("raking", c(0.91, 1.21)),
  raking_tight = list("raking", c(0.93, 1.17)),
  logit = list("logit", c(0.6, 1.8))
)
p <- function(...) cat(paste(c(...), collapse = ","), "\n", sep = "")
show <- function(names, m, unmet) {
  p(names, sprintf("%.17g", c(coef(m)[1], if (unmet) NaN else sqrt(vcov(m)[1, 1]))))
}
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
    # A replicate that cannot meet the totals is kept, as far as it came, with a warning.
    unmet <- FALSE
    made <- withCallingHandlers(if (kind == "jkn") ask(compress = FALSE) else ask(),
      warning = function(w) {
        unmet <<- TRUE
        invokeRestart("muffleWarning")
      })
    key <- c(name, totals, method, kind)
    for (unit in c("", "A")) {
      s <- if (unit == "") made else subset(made, unit == "A")
      show(c(key, unit, "mean"), svymean(~score, s), unmet)
      show(c(key, unit, "total"), svytotal(~score, s), unmet)
      show(c(key, unit, "ratio"), svyratio(~score, ~x, s), unmet)
    }
  }
}
# The change from one wave to the next, each calibrated on totals of its own. The PSUs are those of
# both waves; svyby(covmat = TRUE) of 4.1-1 is wrong after calibration, so totals are contrasted.
waves <- read.csv(file.path(here, "..", "matrix", "plain.csv"))
waves <- waves[waves$real == 1, ]
for (w in 1:2) {
  own <- waves$wave == w
  for (s in c("L", "P")) waves[[paste0("n", s, w)]] <- as.numeric(own & waves$sex == s)
  waves[[paste0("visits", w)]] <- waves$visits * own
}
totals <- c(nL1 = 1000, nP1 = 900, nL2 = 800, nP2 = 1000, visits1 = 4500, visits2 = 4000)
near <- sapply(names(totals), function(x) sum(waves[[x]] * waves$weight))
totals <- round(near * c(1.05, 0.95, 0.92, 1.1, 1.03, 0.98))
p("totals", names(totals), totals)
both <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = waves)
for (method in names(methods)[c(1, 2, 6)]) {
  how <- methods[[method]]
  made <- calibrate(both, ~ nL1 + nP1 + nL2 + nP2 + visits1 + visits2 - 1, totals, calfun = how[[1]],
    bounds = how[[2]], epsilon = 1e-13, maxit = 500)
  for (unit in c("", "1")) for (measure in c("any", "visits")) {
    v <- made$variables
    inside <- if (unit == "") rep(TRUE, nrow(v)) else v$unit == 1
    for (w in 1:2) {
      made$variables[[paste0("y", w)]] <- ifelse(inside & v$wave == w, v[[measure]], 0)
      made$variables[[paste0("d", w)]] <- as.numeric(inside & v$wave == w)
    }
    m <- svycontrast(svytotal(~ y1 + d1 + y2 + d2, made), quote(y2 / d2 - y1 / d1))
    show(c("waves", "own", method, "taylor", unit, measure), m, FALSE)
  }
}
