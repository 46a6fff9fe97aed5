# Calibration as R's package survey does it, for tests/analysis/test_calibrated.py.
#
#   Rscript tests/golden/r/calibration.R [folder for the output]
#
# Reads calibration_interviews.csv and calibration_margins.csv beside this script (simulated, see
# calibration_data.py) and writes calibration_expected.csv, one number a row with 17 digits.

suppressMessages(library(survey))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
given <- commandArgs(TRUE)
out <- if (length(given)) given[1] else here
d <- read.csv(file.path(here, "calibration_interviews.csv"))
d$sex <- factor(d$sex)
d$age <- factor(d$age)
# subset() of a calibrated design keeps the other rows at weight 0, and 0 times NA is NA.
d$answered <- !is.na(d$score)
d$score[!d$answered] <- 0
m <- read.csv(file.path(here, "calibration_margins.csv"), colClasses = c(level = "character"))
total <- function(margin, level) m$total[m$margin == margin & m$level == level]
ages <- levels(d$age)

rows <- list()
put <- function(case, design, domain, measure, statistic, value) {
  rows[[length(rows) + 1]] <<- data.frame(
    case, design, domain, measure, statistic, value = sprintf("%.17g", as.numeric(value))
  )
}

bases <- list(
  plain = svydesign(ids = ~psu, strata = ~unit, weights = ~weight, data = d),
  fpc = svydesign(ids = ~psu, strata = ~unit, weights = ~weight, fpc = ~blocks, data = d),
  unstratified = svydesign(ids = ~psu, weights = ~weight, data = d),
  simple = svydesign(ids = ~1, weights = ~weight, data = d)
)

# Totals as calibrate() wants them: intercept, then all levels but the first.
population <- c(
  sum(m$total[m$margin == "sex"]), total("sex", "P"), sapply(ages[-1], function(a) total("age", a))
)
names(population) <- c("(Intercept)", "sexP", paste0("age", ages[-1]))
nested <- data.frame(row.names = seq_len(nrow(d)))
nested_total <- c()
for (r in c("a", "b")) {
  nested[[paste0("n", r)]] <- as.numeric(d$region == r)
  nested[[paste0("p", r)]] <- as.numeric(d$region == r & d$sex == "P")
  nested_total <- c(nested_total, total("region:sex", paste0(r, ":L")) +
    total("region:sex", paste0(r, ":P")), total("region:sex", paste0(r, ":P")))
  for (k in 2:4) {
    nested[[paste0("g", k, r)]] <- as.numeric(d$region == r & d$age == ages[k])
    nested_total <- c(nested_total, total("region:age", paste0(r, ":", ages[k])))
  }
}
names(nested_total) <- names(nested)
nested_formula <- reformulate(names(nested), intercept = FALSE)
cells <- m[m$margin == "sex:age", ]
cells <- data.frame(
  sex = sub(":.*", "", cells$level), age = sub(".*:", "", cells$level), Freq = cells$total
)
margin <- function(name) {
  found <- data.frame(level = m$level[m$margin == name], Freq = m$total[m$margin == name])
  names(found)[1] <- name
  found
}

calibrated <- function(base, case) {
  by <- function(...) calibrate(base, ~ sex + age, population, epsilon = 1e-13, maxit = 500, ...)
  switch(case,
    linear = by(calfun = "linear"),
    raking = by(calfun = "raking"),
    logit = by(calfun = "logit", bounds = c(0.5, 2)),
    linear_bounded = by(calfun = "linear", bounds = c(0.6, 1.65)),
    raking_bounded = by(calfun = "raking", bounds = c(0.6, 1.65)),
    poststratified = postStratify(base, ~ sex + age, cells),
    nested = {
      with_nested <- update(base, .dummy = 1)
      with_nested$variables <- cbind(with_nested$variables, nested)
      calibrate(with_nested, nested_formula, nested_total,
        calfun = "raking", epsilon = 1e-13, maxit = 500
      )
    },
    rake = rake(base, list(~sex, ~age), list(margin("sex"), margin("age")),
      control = list(maxit = 1000, epsilon = 1e-10)
    )
  )
}

whole_and_domains <- function(d) {
  found <- list(all = rep(TRUE, nrow(d)))
  for (u in 1:4) found[[paste0("unit=", u)]] <- d$unit == u
  for (s in c("L", "P")) found[[paste0("sex=", s)]] <- d$sex == s
  for (u in 1:4) for (s in c("L", "P")) {
    found[[paste0("unit=", u, "&sex=", s)]] <- d$unit == u & d$sex == s
  }
  found
}

cases <- c("linear", "raking", "logit", "linear_bounded", "raking_bounded", "poststratified",
  "nested", "rake")
for (name in names(bases)) {
  for (case in cases) {
    design <- calibrated(bases[[name]], case)
    if (name == "plain") {
      for (i in seq(1, nrow(d), 13)) put(case, name, d$id[i], "", "weight", weights(design)[i])
    }
    domains <- whole_and_domains(d)
    for (domain in names(domains)) {
      for (measure in c("any", "score", "skm")) {
        inside <- domains[[domain]] & (measure != "score" | d$answered)
        part <- subset(design, inside)
        found <- svymean(reformulate(measure), part)
        put(case, name, domain, measure, "value", coef(found))
        put(case, name, domain, measure, "se", SE(found))
      }
    }
  }
}

# Contrasts: of two measures, and of two domains that share PSUs. svyby(covmat = TRUE) of survey
# 4.1-1 is wrong after calibration, so the domain means are ratios of one call.
for (case in c("linear", "raking", "nested")) {
  design <- calibrated(bases$fpc, case)
  two <- svycontrast(svymean(~ any + skm, design), c(1, -0.25))
  put(case, "fpc", "all", "any:skm", "contrast", coef(two))
  put(case, "fpc", "all", "any:skm", "contrast_se", SE(two))
  design <- update(design,
    yl = skm * (sex == "L"), yp = skm * (sex == "P"), nl = as.numeric(sex == "L"),
    np = as.numeric(sex == "P")
  )
  totals <- svytotal(~ yl + nl + yp + np, design)
  two <- svycontrast(totals, quote(yl / nl - yp / np))
  put(case, "fpc", "sex=L:sex=P", "skm", "contrast", coef(two))
  put(case, "fpc", "sex=L:sex=P", "skm", "contrast_se", SE(two))
}

# A stratum left with one PSU.
first <- min(d$psu[d$unit == 3])
kept <- d[d$unit != 3 | d$psu == first, ]
alone <- svydesign(ids = ~psu, strata = ~unit, weights = ~weight, data = kept)
for (rule in c("certainty", "adjust")) {
  options(survey.lonely.psu = rule)
  design <- calibrated(alone, "raking")
  for (measure in c("any", "skm")) {
    for (s in c("all", "L", "P")) {
      part <- if (s == "all") design else subset(design, sex == s)
      found <- svymean(reformulate(measure), part)
      domain <- if (s == "all") "all" else paste0("sex=", s)
      put(paste0("lonely_", rule), "plain", domain, measure, "value", coef(found))
      put(paste0("lonely_", rule), "plain", domain, measure, "se", SE(found))
    }
  }
}

write.csv(do.call(rbind, rows), file.path(out, "calibration_expected.csv"),
  row.names = FALSE, quote = FALSE
)
