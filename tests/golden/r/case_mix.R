# Reference numbers from R's package survey for comparisons with the visitors made alike.
#
#   Rscript tests/golden/r/case_mix.R [folder for the output]
#
# Reads estimators_interviews.csv beside this script (simulated, see generate_estimators.py) and
# writes case_mix.csv. Weights are scaled to each unit's number of answers, which is not a change
# of the design but of what counts how much; units are dummies of svyglm, the adjusted difference of
# a unit is a contrast of them.

suppressMessages(library(survey))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
given <- commandArgs(TRUE)
out <- if (length(given)) given[1] else here
both <- read.csv(file.path(here, "estimators_interviews.csv"), na.strings = "")
d <- both[both$wave == 1, ]
d$unit <- factor(d$unit)

rows <- list()
put <- function(...) rows[[length(rows) + 1]] <<- data.frame(...)
exact <- glm.control(epsilon = 1e-14, maxit = 50)

contrasts_of <- function(case, fit, units, names_of) {
  beta <- coef(fit)
  v <- vcov(fit)
  k <- length(units)
  for (u in seq_len(k)) {
    l <- setNames(rep(0, length(beta)), names(beta))
    for (e in seq_len(k)) l[names_of[e]] <- if (e == u) 1 else -1 / (k - 1)
    put(
      case = case, unit = units[u],
      difference = sprintf("%.17g", sum(l * beta)),
      se = sprintf("%.17g", sqrt(drop(l %*% v %*% l)))
    )
  }
}

for (kind in c("plain", "fpc")) {
  for (measure in c("minutes", "fee")) {
    answered <- !is.na(d[[measure]])
    d$scaled <- d$weight
    for (u in levels(d$unit)) {
      own <- answered & d$unit == u
      d$scaled[d$unit == u] <- d$weight[d$unit == u] * sum(own) / sum(d$weight[own])
    }
    design <- if (kind == "plain") {
      svydesign(ids = ~psu, strata = ~stratum, weights = ~scaled, data = d)
    } else {
      svydesign(ids = ~psu, strata = ~stratum, weights = ~scaled, fpc = ~blocks, data = d)
    }
    part <- subset(design, answered)
    units <- levels(d$unit)
    names_of <- paste0("unit", units)
    models <- list(none = "0 + unit", sex = "0 + unit + sex", both = "0 + unit + sex + age")
    for (model in names(models)) {
      fit <- svyglm(as.formula(paste(measure, "~", models[[model]])), part, control = exact)
      contrasts_of(paste(kind, measure, model), fit, units, names_of)
    }
  }
}
found <- do.call(rbind, rows)
write.csv(found, file.path(out, "case_mix.csv"), row.names = FALSE, quote = FALSE)
