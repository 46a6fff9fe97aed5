# Where our library differs from R's package survey on purpose: R's side of docs/differences_from_r.md.
#
#   Rscript tests/golden/r/differences.R [folder for the output]
#
# Reads plain.csv, lonely.csv and empty.csv of ../matrix (simulated) and writes differences.csv.

suppressMessages(library(survey))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
given <- commandArgs(TRUE)
out <- if (length(given)) given[1] else here
read <- function(name) {
  d <- read.csv(file.path(here, "..", "matrix", name), na.strings = "")
  d$sex <- factor(d$sex, c("L", "P"))
  d$age <- factor(d$age)
  d
}
rows <- list()
put <- function(name, what, value) {
  rows[[length(rows) + 1]] <<- data.frame(name, what, value = sprintf("%.15g", as.numeric(value)))
}
d <- subset(read("plain.csv"), wave == 1)
design <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = d)

# A domain in one PSU: a standard error of 0, but for rounding.
alone <- svymean(~any, subset(design, psu == 10))
put("one_psu", "value", coef(alone))
put("one_psu", "se", SE(alone))

# The same raked weights by rake() and by calibrate().
size <- sum(d$weight)
population <- c("(Intercept)" = 1.1 * size, sexP = 0.6 * size, "age30-44" = 0.4 * size, "age45+" = 0.3 * size)
margins <- list(
  data.frame(sex = c("L", "P"), Freq = c(0.5, 0.6) * size),
  data.frame(age = levels(d$age), Freq = c(0.4, 0.4, 0.3) * size)
)
raked <- rake(design, list(~sex, ~age), margins, control = list(epsilon = 1e-10, maxit = 500))
solved <- calibrate(design, ~ sex + age, population, calfun = "raking", epsilon = 1e-13, maxit = 500)
put("rake", "apart", max(abs(weights(raked) / weights(solved) - 1)))
put("rake", "se_rake", SE(svymean(~any, raked)))
put("rake", "se_calibrate", SE(svymean(~any, solved)))

# Margins that cannot both be met: no word.
disagreeing <- rake(design, list(~sex, ~age), list(
  data.frame(sex = c("L", "P"), Freq = c(900, 900)),
  data.frame(age = levels(d$age), Freq = c(1000, 500, 500))
))
put("disagreeing", "men", svytable(~sex, disagreeing)[["L"]])

# Covariances of domains after calibration.
by <- try(svyby(~any, ~unit, solved, svymean, covmat = TRUE), silent = TRUE)
put("svyby", "stops", inherits(by, "try-error"))
parts <- update(solved,
  y1 = any * (unit == 1), n1 = as.numeric(unit == 1), y2 = any * (unit == 2), n2 = as.numeric(unit == 2)
)
both <- svycontrast(svytotal(~ y1 + n1 + y2 + n2, parts), list(a = quote(y1 / n1), b = quote(y2 / n2)))
put("svyby", "covariance", vcov(both)[1, 2])

# What the margins fix: rounding is taken for chance.
cells <- as.data.frame(svytable(~ sex + age, design))
cells$Freq <- cells$Freq * seq(0.9, 1.15, by = 0.05)
fixed <- postStratify(design, ~ sex + age, cells)
women <- svyglm(as.numeric(sex == "P") ~ age, fixed)
put("fixed", "value", coef(women)[2])
put("fixed", "se_below_rounding", all(SE(women) < 1e-14))
put("fixed", "svychisq_p_below_rounding", svychisq(~ sex + age, fixed)$p.value < 1e-14)

# A quantile that the smallest answer alone reaches.
put("quantile", "value", svyquantile(~score, subset(design, !is.na(score)), 0.0005)[[1]][1])

# No event.
for (method in c("logit", "xlogit", "beta", "mean")) {
  ends <- suppressWarnings(as.vector(confint(svyciprop(~never, design, method = method))))
  put("no_event", paste0(method, "_low"), ends[1])
  put("no_event", paste0(method, "_high"), ends[2])
}

# Missing answers of one measure move another.
put("listwise", "alone", coef(svymean(~score, design, na.rm = TRUE)))
put("listwise", "together", coef(svymean(~ score + known + minutes, design, na.rm = TRUE))[["score"]])

# The interval that confint() gives without being told degrees of freedom.
put("confint", "low", confint(svymean(~any, design))[1])
put("confint", "high", confint(svymean(~any, design))[2])

# Korn and Graubard in a domain of a calibrated sample: all rows are counted as its n.
women <- subset(solved, sex == "P")
put("korn_graubard", "rows", nrow(women))
ends <- as.vector(confint(svyciprop(~any, women, method = "beta", df = degf(women))))
put("korn_graubard", "low", ends[1])
put("korn_graubard", "high", ends[2])

# The jackknife about the mean of the replicates, and about the estimate.
put("jackknife_centre", "default", SE(svymean(~any, as.svrepdesign(design))))
put("jackknife_centre", "mse", SE(svymean(~any, as.svrepdesign(design, mse = TRUE))))

# rake() of replicates stops when the sample has converged.
replicated <- as.svrepdesign(design, mse = TRUE, compress = FALSE)
put("jackknife_raked", "rake", SE(svymean(~any, rake(replicated, list(~sex, ~age), margins))))
redone <- calibrate(replicated, ~ sex + age, population, calfun = "raking", epsilon = 1e-13,
  maxit = 500, compress = FALSE)
put("jackknife_raked", "calibrate", SE(svymean(~any, redone)))

# Weights of a regression's variance are those of the step before the last.
fit <- suppressWarnings(svyglm(any ~ age + visits, design, family = quasibinomial()))
put("svyglm", "se", SE(fit)[1])
again <- suppressWarnings(svyglm(any ~ age + visits, design, family = quasibinomial(), start = coef(fit),
  control = glm.control(epsilon = 1e-14, maxit = 100)))
put("svyglm", "se_again", SE(again)[1])

# Trimmed factors: the margins are lost.
trimmed <- suppressMessages(calibrate(design, ~ sex + age, population, calfun = "raking",
  epsilon = 1e-13, maxit = 500, trim = c(0.9, 1.2)))
put("trim", "women", svytable(~sex, trimmed)[["P"]] / population[["sexP"]])

# PSUs that were worked and gave no interview, among replicates.
e <- read("empty.csv")
drawn <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = e)
forgotten <- as.svrepdesign(subset(drawn, real == 1), mse = TRUE)
put("empty", "subset_first", SE(svymean(~any, forgotten)))
put("empty", "replicates_first", SE(svymean(~any, subset(as.svrepdesign(drawn, mse = TRUE), real == 1))))

# A stratum with one PSU among replicates, and with its name as text.
l <- read("lonely.csv")
l$name <- paste0("s", l$stratum)
for (rule in c("adjust", "average")) {
  options(survey.lonely.psu = rule)
  one <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = l)
  put("lonely", paste0(rule, "_taylor"), SE(svymean(~any, one)))
  put("lonely", paste0(rule, "_jkn"), SE(svymean(~any, as.svrepdesign(one, mse = TRUE))))
  text <- svydesign(ids = ~psu, strata = ~name, weights = ~weight, data = l)
  put("lonely", paste0(rule, "_text"), SE(svymean(~any, text)))
}

write.csv(do.call(rbind, rows), file.path(out, "differences.csv"), row.names = FALSE, quote = FALSE)
