# Replicate variances from R's package survey, for tests/analysis/test_replicates_golden.py.
#
#   Rscript tests/golden/r/replicates.R [folder for the output]
#
# Reads the files of replicates_generate.py beside this script (simulated) and writes
# replicates_expected.csv, one number a row, 17 digits.

suppressMessages(library(survey))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
given <- commandArgs(TRUE)
out <- if (length(given)) given[1] else here
options(survey.lonely.psu = "fail")
d <- read.csv(file.path(here, "replicates_interviews.csv"))
drawn <- read.csv(file.path(here, "replicates_drawn.csv"))
g <- read.csv(file.path(here, "replicates_given.csv"))

rows <- list()
put <- function(case, design, domain, measure, statistic, value) {
  rows[[length(rows) + 1]] <<- data.frame(
    case, design, domain, measure, statistic, value = sprintf("%.17g", as.numeric(value))
  )
}

# Means and a ratio in every domain; na.rm one measure at a time. Names of the domains say by what.
report <- function(case, name, design, with_df = FALSE) {
  v <- design$variables
  domains <- list(all = rep(TRUE, nrow(v)))
  for (column in intersect(c("unit", "sex", "region"), names(v))) {
    for (x in sort(unique(v[[column]]))) {
      domains[[sprintf("%s=%s", column, x)]] <- v[[column]] == x
    }
  }
  for (u in sort(unique(v$unit))) for (s in 1:2) {
    domains[[sprintf("unit=%s&sex=%s", u, s)]] <- v$unit == u & v$sex == s
  }
  for (domain in names(domains)) {
    for (measure in c("any", "score")) {
      part <- subset(design, domains[[domain]] & !is.na(v[[measure]]))
      found <- svymean(reformulate(measure), part)
      put(case, name, domain, measure, "value", coef(found))
      put(case, name, domain, measure, "se", SE(found))
      if (with_df) put(case, name, domain, measure, "df", degf(part))
    }
    part <- subset(design, domains[[domain]])
    found <- svyratio(~minutes, ~visits, part)
    put(case, name, domain, "minutes/visits", "value", coef(found))
    put(case, name, domain, "minutes/visits", "se", SE(found))
  }
}

# Raking goes on until nothing changes: with epsilon 0 it never says that it has converged, and
# maxit ends it. (With its own epsilon it stops when the sample has converged, not the replicates.)
raked <- function(design, margins) {
  suppressWarnings(rake(
    design, lapply(margins, function(m) reformulate(m)), lapply(margins, totals),
    control = list(maxit = 300, epsilon = 0)
  ))
}
totals <- function(column) {
  share <- 1 + 0.13 * seq_along(sort(unique(d[[column]])))
  sums <- tapply(d$weight, d[[column]], sum) * share
  region <- if (column %in% c("sex", "age")) rep(1, length(sums)) else names(sums) > "2"
  whole <- if (length(unique(region)) == 1) 6000 else c(2500, 3500)
  sums <- sums / ave(as.vector(sums), region, FUN = sum) * whole[as.numeric(factor(region))]
  found <- data.frame(names(sums), Freq = as.vector(sums))
  names(found)[1] <- column
  for (i in seq_along(sums)) put("margin", column, names(sums)[i], "", "value", sums[i])
  found
}
d$regionsex <- as.character(10 * d$region + d$sex)
d$regionage <- as.character(10 * d$region + d$age)



designs <- list(
  plain = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = d),
  fpc = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, fpc = ~blocks, data = d),
  unstratified = svydesign(ids = ~psu, weights = ~weight, data = d)
)
for (name in names(designs)) {
  type <- if (name == "unstratified") "JK1" else "JKn"
  design <- as.svrepdesign(designs[[name]], type = type, mse = TRUE)
  report("jkn", name, design, with_df = TRUE)
  report("jkn_raked", paste(name, "city"), raked(design, c("sex", "age")))
  if (name == "plain") {
    report("jkn_raked", "plain region", raked(design, c("regionsex", "regionage")))
  }
}

# Stratum 3 keeps its first PSU only.
kept <- d[d$stratum != 3 | d$psu == 30, ]
options(survey.lonely.psu = "certainty")
alone <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = kept)
alone <- as.svrepdesign(alone, type = "JKn", mse = TRUE)
for (u in c(0, 2)) for (measure in c("any", "score")) {
  chosen <- (u == 0 | kept$unit == u) & !is.na(kept[[measure]])
  found <- svymean(reformulate(measure), subset(alone, chosen))
  domain <- if (u == 0) "all" else paste0("unit=", u)
  put("lonely", "certainty", domain, measure, "value", coef(found))
  put("lonely", "certainty", domain, measure, "se", SE(found))
}
options(survey.lonely.psu = "fail")

# The bootstrap with the multipliers of replicates_drawn.csv, about the estimate and the mean.
multipliers <- as.matrix(drawn[match(d$psu, drawn$psu), -1])
for (mse in c(TRUE, FALSE)) {
  size <- ncol(multipliers)
  design <- svrepdesign(
    repweights = multipliers, weights = d$weight, data = d, type = "other",
    combined.weights = FALSE, scale = if (mse) 1 / size else 1 / (size - 1),
    rscales = rep(1, size), mse = mse
  )
  name <- if (mse) "mse" else "mean"
  # Where a replicate holds nobody of the domain R drops it and keeps the scale: not compared.
  suppressWarnings(report("rao_wu", name, design))
  suppressWarnings(report("rao_wu_raked", name, raked(design, c("sex", "age"))))
}

# Replicate weights as given.
columns <- function(prefix, size) g[, paste0(prefix, seq_len(size))]
for (mse in c(TRUE, FALSE)) {
  made <- list(
    BRR = svrepdesign(
      repweights = columns("brr", 16), weights = ~weight, data = g, type = "BRR",
      combined.weights = TRUE, mse = mse
    ),
    Fay = svrepdesign(
      repweights = columns("fay", 16), weights = ~weight, data = g, type = "Fay", rho = 0.3,
      combined.weights = TRUE, mse = mse
    ),
    JKn = svrepdesign(
      repweights = columns("jkn", 16), weights = ~weight, data = g, type = "JKn", scale = 1,
      rscales = rep(0.5, 16), combined.weights = FALSE, mse = mse
    ),
    JK1 = svrepdesign(
      repweights = columns("jk1_", 16), weights = ~weight, data = g, type = "JK1",
      scale = 15 / 16, combined.weights = FALSE, mse = mse
    ),
    bootstrap = svrepdesign(
      repweights = columns("boot", 20), weights = ~weight, data = g, type = "bootstrap",
      combined.weights = FALSE, mse = mse
    )
  )
  for (name in names(made)) {
    report("given", paste(name, if (mse) "mse" else "mean"), made[[name]], with_df = TRUE)
  }
}

write.csv(
  unique(do.call(rbind, rows)), file.path(out, "replicates_expected.csv"),
  row.names = FALSE, quote = FALSE
)
