# Reference numbers from R's package survey, for tests/analysis/test_r_golden.py.
#
#   Rscript tests/golden/r/reference.R [folder for the output]
#
# Reads interviews.csv beside this script (simulated, see generate.py) and writes expected.csv
# (one number a row, 17 digits) and session.txt. Strata are whole numbers: survey's changelog
# names a fault with text under lonely.psu = "adjust", which we could not reproduce in 4.1-1.

suppressMessages(library(survey))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
given <- commandArgs(TRUE)
out <- if (length(given)) given[1] else here
d <- read.csv(file.path(here, "interviews.csv"))
d$skm0 <- (d$skm - 1) / 3
d$known0 <- ifelse(is.na(d$known), 0, d$known)
d$one <- 1

rows <- list()
put <- function(case, design, domain, measure, statistic, value) {
  rows[[length(rows) + 1]] <<- data.frame(
    case, design, domain, measure, statistic, value = sprintf("%.17g", as.numeric(value))
  )
}

designs <- list(
  plain = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = d),
  fpc = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, fpc = ~blocks, data = d),
  unstratified = svydesign(ids = ~psu, weights = ~weight, data = d),
  simple = svydesign(ids = ~1, weights = ~one, data = d)
)
measures <- c("any", "rare", "score", "skm", "known")
unit_names <- function(x) sprintf("unit=%s", x)

# Means, standard errors, design effects (against a simple random sample drawn with replacement),
# degrees of freedom and t intervals: of the whole and of domains; na.rm one measure at a time.
for (name in names(designs)) {
  design <- designs[[name]]
  for (measure in measures) {
    domains <- list(all = rep(TRUE, nrow(d)))
    for (u in sort(unique(d$unit))) domains[[paste0("unit=", u)]] <- d$unit == u
    for (s in sort(unique(d$sex))) domains[[paste0("sex=", s)]] <- d$sex == s
    for (domain in names(domains)) {
      part <- subset(design, domains[[domain]] & !is.na(d[[measure]]))
      found <- svymean(reformulate(measure), part, deff = "replace")
      put("mean", name, domain, measure, "value", coef(found))
      put("mean", name, domain, measure, "se", SE(found))
      put("mean", name, domain, measure, "df", degf(part))
      put("mean", name, domain, measure, "n", nrow(part))
      put("mean", name, domain, measure, "deff", deff(found))
      if (degf(part) >= 1) {
        interval <- confint(found, df = degf(part))
        put("mean", name, domain, measure, "t_low", interval[1])
        put("mean", name, domain, measure, "t_high", interval[2])
      }
    }
  }
}

# The same by svyby: domains in one call.
for (measure in measures) {
  by <- svyby(reformulate(measure), ~ unit + sex, designs$plain, svymean, na.rm = TRUE)
  label <- sprintf("unit=%s&sex=%s", by$unit, by$sex)
  for (i in seq_along(label)) {
    put("svyby", "plain", label[i], measure, "value", coef(by)[i])
    put("svyby", "plain", label[i], measure, "se", SE(by)[i])
  }
}

# A mean with missing answers is a ratio of two totals.
ratio <- svyratio(~known0, ~asked, designs$plain)
put("ratio", "plain", "all", "known", "value", coef(ratio))
put("ratio", "plain", "all", "known", "se", SE(ratio))
for (u in sort(unique(d$unit))) {
  ratio <- svyratio(~known0, ~asked, subset(designs$plain, unit == u))
  put("ratio", "plain", paste0("unit=", u), "known", "value", coef(ratio))
  put("ratio", "plain", paste0("unit=", u), "known", "se", SE(ratio))
}

# Intervals of proportions; survey 4.1-1 has no Wilson, so its formula stands here.
for (name in c("plain", "fpc")) {
  for (measure in c("any", "rare", "known")) {
    for (u in c("all", sort(unique(d$unit)))) {
      chosen <- if (u == "all") rep(TRUE, nrow(d)) else d$unit == u
      domain <- if (u == "all") "all" else paste0("unit=", u)
      part <- subset(designs[[name]], chosen & !is.na(d[[measure]]))
      found <- svymean(reformulate(measure), part)
      p <- coef(found)[[1]]
      v <- vcov(found)[1]
      if (p <= 0 || p >= 1 || degf(part) < 1) next
      for (method in c("logit", "xlogit", "beta")) {
        interval <- confint(svyciprop(
          reformulate(measure), part, method = method, df = degf(part)
        ))
        put("interval", name, domain, measure, paste0(method, "_low"), interval[1])
        put("interval", name, domain, measure, paste0(method, "_high"), interval[2])
      }
      n_eff <- p * (1 - p) / v
      q <- qt(0.975, degf(part))
      ends <- (p + q^2 / (2 * n_eff) + c(-1, 1) * q *
        sqrt(p * (1 - p) / n_eff + q^2 / (4 * n_eff^2))) / (1 + q^2 / n_eff)
      put("interval", name, domain, measure, "wilson_low", ends[1])
      put("interval", name, domain, measure, "wilson_high", ends[2])
      if (measure == "any" && name == "plain") {
        put("interval", name, domain, measure, "exact_zero", 1 - 0.025^(1 / n_eff))
        put("interval", name, domain, measure, "exact_zero_binom",
          binom.test(0, nrow(part))$conf.int[2])
      }
    }
  }
}

# A mean on the logit of its scale: skm lies between 1 and 4.
for (u in sort(unique(d$unit))) {
  part <- subset(designs$plain, unit == u)
  found <- svycontrast(svymean(~skm0, part), quote(log(skm0 / (1 - skm0))))
  ends <- 1 + 3 * plogis(coef(found) + c(-1, 1) * qt(0.975, degf(part)) * SE(found)[1])
  put("interval", "plain", paste0("unit=", u), "skm", "t_logit_low", ends[1])
  put("interval", "plain", paste0("unit=", u), "skm", "t_logit_high", ends[2])
}

# Covariances: between measures, and between domains that share PSUs.
for (name in c("plain", "fpc")) {
  together <- vcov(svymean(~ any + rare + skm, designs[[name]]))
  for (pair in list(c("any", "rare"), c("any", "skm"), c("rare", "skm"))) {
    put("covariance", name, "all", paste(pair, collapse = ":"), "covariance",
      together[pair[1], pair[2]])
  }
  by <- svyby(~ any + skm, ~sex, designs[[name]], svymean, covmat = TRUE)
  v <- vcov(by)
  put("covariance", name, "sex=1:sex=2", "any:any", "covariance", v["1:any", "2:any"])
  put("covariance", name, "sex=1:sex=2", "any:skm", "covariance", v["1:any", "2:skm"])
  put("covariance", name, "sex=1:sex=2", "skm:skm", "covariance", v["1:skm", "2:skm"])

  # Contrasts: between the sexes, a unit against the others, the mean of the units.
  difference <- svycontrast(
    svyby(~any, ~sex, designs[[name]], svymean, covmat = TRUE), c(1, -1)
  )
  put("contrast", name, "sex", "any", "value", coef(difference))
  put("contrast", name, "sex", "any", "se", SE(difference))
  for (measure in c("any", "skm")) {
    by <- svyby(reformulate(measure), ~unit, designs[[name]], svymean, covmat = TRUE)
    against <- svycontrast(by, c(1, -1 / 3, -1 / 3, -1 / 3))
    put("contrast", name, "unit", measure, "value", coef(against))
    put("contrast", name, "unit", measure, "se", SE(against))
    whole <- svycontrast(by, rep(1 / 4, 4))
    put("contrast", name, "mean", measure, "value", coef(whole))
    put("contrast", name, "mean", measure, "se", SE(whole))
  }
}

# A stratum left with one PSU: stratum 3 keeps its first only.
kept <- d[d$stratum != 3 | d$psu == 30, ]
alone <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = kept)
collapsed <- svydesign(
  ids = ~psu, strata = ~ifelse(stratum == 4, 3, stratum), weights = ~weight, data = kept
)
for (measure in c("any", "skm")) {
  for (rule in c("certainty", "adjust")) {
    options(survey.lonely.psu = rule)
    found <- svymean(reformulate(measure), alone)
    put("lonely", rule, "all", measure, "value", coef(found))
    put("lonely", rule, "all", measure, "se", SE(found))
  }
  options(survey.lonely.psu = "fail")
  for (u in sort(unique(d$unit))) {
    part <- subset(collapsed, unit == u)
    found <- svymean(reformulate(measure), part)
    put("collapsed", "plain", paste0("unit=", u), measure, "value", coef(found))
    put("collapsed", "plain", paste0("unit=", u), measure, "se", SE(found))
    put("collapsed", "plain", paste0("unit=", u), measure, "df", degf(part))
  }
}

write.csv(do.call(rbind, rows), file.path(out, "expected.csv"), row.names = FALSE, quote = FALSE)
writeLines(
  c(R.version.string, paste("survey", packageVersion("survey"))), file.path(out, "session.txt")
)
