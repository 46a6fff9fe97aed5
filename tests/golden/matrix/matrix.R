# R's package survey on every case of the golden matrix, for tests/analysis/test_matrix_golden.py.
#
#   Rscript tests/golden/matrix/matrix.R [folder for the output]
#
# Reads cases.csv, margins.csv and the files of shapes.py beside this script (simulated) and writes
# expected.csv: a case, a measure, and what was found as "name=value", 15 digits.

suppressMessages(library(survey))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
given <- commandArgs(TRUE)
out <- if (length(given)) given[1] else here
read <- function(name) read.csv(file.path(here, name), na.strings = "", check.names = FALSE)
cases <- read("cases.csv")
margins <- read("margins.csv")
exact <- list(epsilon = 1e-13, maxit = 500)
level <- 0.95

# ---- Data ------------------------------------------------------------------------------------

frames <- list()
for (data in unique(cases$data)) {
  d <- read(paste0(data, ".csv"))
  d$sex <- factor(d$sex, c("L", "P"))
  d$age <- factor(d$age)
  for (item in c("ease", "care")) d[[paste0(item, "100")]] <- (d[[item]] - 1) / 3 * 100
  d$index <- ifelse(is.na(d$ease) | is.na(d$care), NA, 0)
  # A calibrated design keeps the rows outside a domain at weight 0, and 0 times NA is NA.
  for (name in c("known", "score", "minutes", "ease100", "care100", "index")) {
    d[[paste0("has_", name)]] <- !is.na(d[[name]])
    d[[name]][is.na(d[[name]])] <- 0
  }
  for (letter in c("a", "b", "c", "d")) d[[paste0("choice", letter)]] <- as.numeric(d$choice == letter)
  frames[[data]] <- d
}
answered <- function(d, measure) {
  has <- paste0("has_", measure)
  if (has %in% names(d)) d[[has]] else rep(TRUE, nrow(d))
}
members <- function(d, domain) {
  inside <- rep(TRUE, nrow(d))
  for (one in strsplit(domain, "&")[[1]]) if (one != "all") {
    pair <- strsplit(one, "=")[[1]]
    inside <- inside & as.character(d[[pair[1]]]) == pair[2]
  }
  inside
}

# ---- Designs ---------------------------------------------------------------------------------

made <- function(d, name) {
  clustered <- function(...) svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = d, ...)
  switch(name,
    srs = svydesign(ids = ~1, probs = ~real, data = d),
    srs_fpc = svydesign(ids = ~1, weights = ~real, fpc = ~people, data = d),
    weighted = svydesign(ids = ~1, weights = ~weight, data = d),
    stratified = svydesign(ids = ~1, strata = ~unit, weights = ~weight, data = d),
    clustered = svydesign(ids = ~psu, weights = ~weight, data = d),
    one_stage_fpc = clustered(fpc = ~blocks),
    # Each PSU drawn with certainty is a stratum whose interviews are the PSUs, in each wave anew.
    certainty = svydesign(
      ids = ~ ifelse(certain == 1, id, psu),
      strata = ~ ifelse(certain == 1, 1000 * wave + psu, stratum), weights = ~weight, data = d
    ),
    two_stage_fpc = svydesign(
      ids = ~ psu + id, strata = ~stratum, weights = ~weight, fpc = ~ blocks + visitors, data = d
    ),
    certainty_fpc = svydesign(
      ids = ~ ifelse(certain == 1, id, psu) + id, weights = ~weight, data = d,
      strata = ~ ifelse(certain == 1, 1000 * wave + psu, stratum),
      fpc = ~ ifelse(certain == 1, visitors, blocks) + ifelse(certain == 1, 1, visitors)
    ),
    lonely_collapse = svydesign(
      ids = ~psu, strata = ~ ifelse(stratum == 4, 3, stratum), weights = ~weight, data = d
    ),
    clustered()
  )
}
replicated <- function(d, name) {
  kind <- sub("given_", "", name)
  columns <- function(prefix, size) d[, paste0(prefix, seq_len(size))]
  ask <- function(...) svrepdesign(weights = ~weight, data = d, mse = TRUE, ...)
  switch(kind,
    jk1 = ask(repweights = columns("jka", 16), type = "JK1", scale = 15 / 16, combined.weights = FALSE),
    jkn = ask(repweights = columns("jkn", 16), type = "JKn", scale = 1, rscales = rep(0.5, 16),
      combined.weights = FALSE),
    brr = ask(repweights = columns("brr", 16), type = "BRR", combined.weights = TRUE),
    fay = ask(repweights = columns("fay", 16), type = "Fay", rho = 0.3, combined.weights = TRUE),
    bootstrap = ask(repweights = columns("boot", 20), type = "bootstrap", combined.weights = FALSE)
  )
}

# ---- Calibration -----------------------------------------------------------------------------

calibrated <- function(base, name, calibration) {
  if (calibration == "none") return(base)
  own <- margins[margins$design == name, ]
  total <- function(margin, level) own$total[own$margin == margin & own$level == level]
  ages <- levels(base$variables$age)
  if (calibration == "poststratify") {
    cells <- own[own$margin == "sex:age", ]
    cells <- data.frame(
      sex = sub(":.*", "", cells$level), age = sub(".*:", "", cells$level), Freq = cells$total
    )
    return(postStratify(base, ~ sex + age, cells))
  }
  # Totals as calibrate() wants them: intercept, then all levels but the first.
  population <- c(sum(own$total[own$margin == "sex"]), total("sex", "P"),
    sapply(ages[-1], function(a) total("age", a)))
  names(population) <- c("(Intercept)", "sexP", paste0("age", ages[-1]))
  by <- function(design, totals, ...) {
    calibrate(design, ~ sex + age, totals, epsilon = exact$epsilon, maxit = exact$maxit, ...)
  }
  if (inherits(base, "svyrep.design")) {
    again <- function(...) withCallingHandlers(by(base, population, compress = FALSE, ...),
      # R keeps a replicate that cannot meet the totals as far as it came; here that is no answer.
      warning = function(w) if (grepl("Failed to converge", conditionMessage(w))) stop("unmet"))
    return(switch(calibration,
      rake = again(calfun = "raking"),
      linear = again(calfun = "linear"),
      linear_bounded = again(calfun = "linear", bounds = c(0.85, 1.45)),
      logit = again(calfun = "logit", bounds = c(0.6, 1.9))
    ))
  }
  switch(calibration,
    linear = by(base, population, calfun = "linear"),
    rake = by(base, population, calfun = "raking"),
    linear_bounded = by(base, population, calfun = "linear", bounds = c(0.85, 1.45)),
    logit = by(base, population, calfun = "logit", bounds = c(0.6, 1.9)),
    trimmed = trimmed(base, population, by, if (name == "extreme") 20 else 2)
  )
}
# Weights above a limit are set to it for good and the others raked to what is left, until none is
# above. survey has no such step; it is told the final weights and linearises as for any others.
trimmed <- function(base, population, by, multiple) {
  full <- by(base, population, calfun = "raking")
  first <- weights(base)
  final <- weights(full)
  limit <- multiple * median(final)
  cut <- rep(FALSE, length(final))
  x <- model.matrix(~ sex + age, base$variables)
  repeat {
    above <- !cut & final > limit * (1 + 1e-12)
    if (!any(above)) break
    cut <- cut | above
    left <- population - colSums(x[cut, , drop = FALSE]) * limit
    final[cut] <- limit
    final[!cut] <- weights(by(subset(base, !cut), left, calfun = "raking"))
  }
  full$prob <- 1 / final
  full$postStrata[[1]]$w <- unname(final / sqrt(first))
  full
}

# ---- Estimators ------------------------------------------------------------------------------

shown <- function(...) {
  x <- unlist(list(...))
  paste0(names(x), "=", sprintf("%.15g", x), collapse = " ")
}
t_of <- function(value, se, df) {
  reach <- if (df >= 1) qt(1 - (1 - level) / 2, df) * se else NA
  c(t_low = value - reach, t_high = value + reach)
}
logit_of <- function(value, se, df, top) {
  p <- value / top
  reach <- qt(1 - (1 - level) / 2, df) * se / top / (p * (1 - p))
  ends <- top * plogis(qlogis(p) + c(-1, 1) * reach)
  c(t_logit_low = ends[1], t_logit_high = ends[2])
}
# survey 4.1-1 has no Wilson interval: its formula.
wilson_of <- function(p, n_eff, df) {
  t <- qt(1 - (1 - level) / 2, df)
  (p + t^2 / (2 * n_eff) + c(-1, 1) * t * sqrt(p * (1 - p) / n_eff + t^2 / (4 * n_eff^2))) /
    (1 + t^2 / n_eff)
}
korn_graubard_of <- function(p, n_eff, n, df) {
  size <- n_eff * (qt((1 - level) / 2, n - 1) / qt((1 - level) / 2, df))^2
  x <- size * p
  c(korn_graubard_low = qbeta((1 - level) / 2, x, size - x + 1),
    korn_graubard_high = qbeta(1 - (1 - level) / 2, x + 1, size - x))
}
inverse <- function(x, w, p) {
  o <- order(x)
  x[o][which(cumsum(w[o]) >= p * sum(w) * (1 - 1e-12))[1]]
}

# One case: s has the design (calibrated or not), its frame, and how degrees of freedom are counted.
frees <- function(s, inside) {
  if (s$given) return(degf(subset(s$design, inside)))
  length(unique(s$psu[inside])) - length(unique(s$strata[inside]))
}
error_of <- function(stat) unname(sqrt(diag(as.matrix(vcov(stat)))))

of_mean <- function(s, measure, inside, kind, top = 1) {
  inside <- inside & answered(s$d, measure)
  part <- subset(s$design, inside)
  found <- svymean(reformulate(measure), part)
  value <- unname(coef(found))
  se <- error_of(found)
  df <- frees(s, inside)
  numbers <- c(value = value, se = se, df = df, t_of(value, se, df))
  if (df >= 1 && value > 0 && value < top) numbers <- c(numbers, logit_of(value, se, df, top))
  if (kind == "share" && df >= 1 && value > 0 && value < 1) {
    n_eff <- value * (1 - value) / se^2
    ends <- wilson_of(value, n_eff, df)
    korn <- korn_graubard_of(value, n_eff, sum(inside), df)
    if (s$plain && sum(inside) == nrow(part)) { # survey's own functions say the same
      for (method in c("beta", "xlogit")) {
        theirs <- as.vector(confint(svyciprop(reformulate(measure), part, method = method, df = df)))
        mine <- if (method == "beta") korn else logit_of(value, se, df, 1)
        if (method == "xlogit" || df == degf(part)) stopifnot(all.equal(unname(mine), theirs))
      }
    }
    numbers <- c(numbers, wilson_low = ends[1], wilson_high = ends[2], korn)
  }
  numbers
}
# No event: Kish's effective n, Wilson's interval on it, and the exact bound.
of_zero <- function(s, measure, inside) {
  w <- weights(s$design, "sampling")[inside]
  n_eff <- sum(w)^2 / sum(w^2)
  df <- frees(s, inside)
  value <- unname(coef(svymean(reformulate(measure), subset(s$design, inside))))
  c(value = value, df = df, wilson_low = 0, wilson_high = wilson_of(0, n_eff, df)[2],
    exact_high = 1 - ((1 - level) / 2)^(1 / n_eff))
}
simple <- function(s, found, inside) {
  value <- unname(coef(found))
  se <- error_of(found)
  df <- frees(s, inside)
  c(value = value, se = se, df = df, t_of(value, se, df))
}
# A linear combination of means, each on the base of its own measure, as ratios of totals of one
# call: svyby(covmat = TRUE) of survey 4.1-1 is wrong after calibration.
combination <- function(s, measures, domains, factors, df_of = NULL) {
  in_any <- rep(FALSE, nrow(s$d)) # not `any`: subset() looks among the columns first
  for (i in seq_along(factors)) {
    own <- domains[[i]] & answered(s$d, measures[i])
    s$design$variables[[paste0("y", i)]] <- s$d[[measures[i]]] * own
    s$design$variables[[paste0("n", i)]] <- as.numeric(own)
    in_any <- in_any | own
  }
  part <- subset(s$design, in_any)
  names <- c(rbind(paste0("y", seq_along(factors)), paste0("n", seq_along(factors))))
  found <- if (s$rep) svytotal(reformulate(names), part, return.replicates = TRUE) else
    svytotal(reformulate(names), part)
  terms <- sprintf("(%.17g) * y%d / n%d", factors, seq_along(factors), seq_along(factors))
  text <- parse(text = paste(terms, collapse = " + "))[[1]]
  two <- svycontrast(found, text)
  if (is.list(two)) two <- two[[1]] # with replicates
  value <- as.numeric(two)
  se <- sqrt(as.numeric(attr(two, "var")))
  df <- frees(s, if (is.null(df_of)) in_any else df_of)
  c(value = value, se = se, df = df, t_of(value, se, df))
}
of_quantile <- function(s, measure, inside, p) {
  inside <- inside & answered(s$d, measure)
  part <- subset(s$design, inside)
  df <- frees(s, inside)
  y <- part$variables[[measure]]
  w <- weights(part, "sampling")
  q <- inverse(y, w, p)
  numbers <- c(value = q, df = df)
  for (method in c("mean", "xlogit")) {
    found <- svyquantile(reformulate(measure), part, p, interval.type = method, qrule = inverse, df = df)[[1]]
    label <- if (method == "mean") "t" else "logit"
    ends <- unname(c(found[2:4]))
    names(ends) <- paste0("woodruff_", label, c("_low", "_high", "_se"))
    numbers <- c(numbers, ends)
  }
  part$variables$reached <- as.numeric(y <= q)
  found <- svymean(~reached, part)
  p_hat <- coef(found)[[1]]
  ends <- wilson_of(p_hat, p_hat * (1 - p_hat) / vcov(found)[1], df)
  c(numbers, woodruff_wilson_low = inverse(y, w, ends[1]), woodruff_wilson_high = inverse(y, w, ends[2]))
}
# R counts PSUs of a calibrated domain that hold none of it: p is taken with those that do.
of_table <- function(s, inside) {
  part <- subset(s$design, inside)
  second <- svychisq(~ age + any, part, statistic = "F")
  first <- suppressWarnings(svychisq(~ age + any, part, statistic = "Chisq"))
  df <- frees(s, inside)
  d0 <- unname(second$parameter[1])
  f <- unname(second$statistic)
  c(f = f, d0 = d0, p = pf(f, d0, d0 * df, lower.tail = FALSE), chisq_p = unname(first$p.value))
}
of_model <- function(s, formula, family, inside) {
  outcome <- all.vars(formula)[1]
  inside <- inside & answered(s$d, outcome)
  # glm warns where the last step cannot improve on rounding any more. Its matrix is that of the
  # step before the last: starting from the coefficients brings both together.
  part <- subset(s$design, inside)
  part$variables$w <- weights(part, "sampling") / mean(weights(part, "sampling"))
  control <- glm.control(epsilon = 1e-14, maxit = 100)
  first <- suppressWarnings(do.call(glm, list(formula, family = family, data = part$variables,
    weights = part$variables$w, control = control)))
  fit <- suppressWarnings(do.call(svyglm, list(formula, design = part, family = family,
    start = coef(first), control = control)))
  label <- sub("^age", "age=", sub("(Intercept)", "(constant)", names(coef(fit)), fixed = TRUE))
  df <- frees(s, inside) + 1 - length(label)
  se <- unname(sqrt(diag(vcov(fit))))
  lapply(setNames(seq_along(label), label), function(i) {
    value <- unname(coef(fit)[i])
    c(value = value, se = se[i], df = df, t_of(value, se[i], df),
      p = 2 * pt(-abs(value / se[i]), df))
  })
}

# What happened between the waves: PSUs of both were drawn once.
of_waves <- function(s, measure, domain) {
  both <- frames[[s$data]]
  by_person <- s$name %in% c("srs", "srs_fpc", "weighted", "stratified")
  if (by_person) { # other people, so independent
    two <- lapply(1:2, function(w) {
      d <- both[both$wave == w, ]
      s$design <- made(d, s$name)
      found <- svymean(reformulate(measure), subset(s$design, members(d, domain)))
      inside <- members(d, domain)
      strata <- if (s$name == "stratified") d$unit else rep(1, nrow(d))
      c(coef(found), vcov(found), sum(inside) - length(unique(strata[inside])))
    })
    value <- two[[2]][1] - two[[1]][1]
    v <- c(two[[1]][2], two[[2]][2])
    df <- sum(v)^2 / sum(v^2 / c(two[[1]][3], two[[2]][3]))
    return(unname_t(value, sqrt(sum(v)), df))
  }
  design <- made(both, s$name)
  inside <- members(both, domain)
  by <- svyby(reformulate(measure), ~wave, subset(design, inside), svymean, covmat = TRUE)
  moved <- svycontrast(by, c(-1, 1))
  df <- min(sapply(1:2, function(w) {
    own <- inside & both$wave == w
    length(unique(design$cluster[own, 1])) - length(unique(design$strata[own, 1]))
  }))
  unname_t(coef(moved), SE(moved), df)
}
unname_t <- function(value, se, df) {
  value <- unname(value)
  se <- unname(as.numeric(se))
  df <- unname(df)
  c(value = value, se = se, df = df, t_of(value, se, df))
}

answer <- function(s, estimator, domain) {
  d <- s$d
  inside <- members(d, domain)
  switch(estimator,
    mean = list(score = of_mean(s, "score", inside, "mean", 100)),
    proportion = list(any = of_mean(s, "any", inside, "share"), known = of_mean(s, "known", inside, "share")),
    share = lapply(setNames(paste0("choice", c("a", "b", "c", "d")), paste0("choice=", c("a", "b", "c", "d"))),
      function(m) of_mean(s, m, inside, "share")),
    zero = list(never = of_zero(s, "never", inside)),
    total = list(
      minutes = simple(s, svytotal(~minutes, subset(s$design, inside & d$has_minutes)), inside & d$has_minutes),
      any = simple(s, svytotal(~any, subset(s$design, inside)), inside)
    ),
    ratio = list("minutes/visits" = {
      own <- inside & d$has_minutes
      ratio <- svyratio(~minutes, ~visits, subset(s$design, own))
      value <- as.numeric(coef(ratio))
      se <- as.numeric(SE(ratio))
      df <- frees(s, own)
      c(value = value, se = se, df = df, t_of(value, se, df))
    }),
    index = list(index = {
      found <- combination(s, c("ease100", "care100"), list(inside, inside), c(0.5, 0.5),
        inside & d$has_index)
      c(found, logit_of(found[["value"]], found[["se"]], found[["df"]], 100))
    }),
    quantile = lapply(setNames(c(0.25, 0.5, 0.75), paste0("minutes@", c(0.25, 0.5, 0.75))),
      function(p) of_quantile(s, "minutes", inside, p)),
    between_domains = list(any = combination(s, c("any", "any"),
      list(inside & d$sex == "P", inside & d$sex == "L"), c(1, -1))),
    between_measures = list("any-known" = combination(s, c("any", "known"), list(inside, inside), c(1, -1))),
    between_units = list(score = combination(s, rep("score", 3),
      lapply(1:3, function(u) inside & d$unit == u), c(1, -0.5, -0.5))),
    between_waves = list(any = of_waves(s, "any", domain)),
    association = list("age:any" = of_table(s, inside)),
    linear = of_model(s, score ~ age + visits, gaussian(), inside),
    logistic = of_model(s, any ~ age + visits, quasibinomial(), inside)
  )
}

# ---- Every case ------------------------------------------------------------------------------

policy <- function(name) {
  if (name %in% paste0("lonely_", c("adjust", "certainty", "average"))) sub("lonely_", "", name) else "fail"
}
sample_of <- function(data, name, calibration, variance) {
  whole <- frames[[data]]
  if ("wave" %in% names(whole)) whole <- whole[whole$wave == 1, ]
  if (variance == "replicates") {
    return(list(design = replicated(whole, name), d = whole, given = TRUE, rep = TRUE, plain = FALSE,
      name = name, data = data))
  }
  all_rows <- made(whole, name)
  d <- whole[whole$real == 1, ]
  base <- if (variance == "jkn") {
    type <- if (all_rows$has.strata) "JKn" else "JK1"
    as.svrepdesign(all_rows, type = type, mse = TRUE, compress = FALSE)
  } else {
    all_rows
  }
  base <- subset(base, whole$real == 1)
  list(
    design = calibrated(base, name, calibration), d = d, given = FALSE, rep = variance == "jkn",
    plain = calibration == "none" && variance == "taylor", name = name, data = data,
    psu = all_rows$cluster[whole$real == 1, 1], strata = all_rows$strata[whole$real == 1, 1]
  )
}
groups <- split(seq_len(nrow(cases)), do.call(paste, cases[, c("data", "design", "calibration", "variance")]))
of_group <- function(rows) {
  first <- cases[rows[1], ]
  options(survey.lonely.psu = policy(first$design))
  lonely <- function(e) {
    if (grepl("has only one PSU", conditionMessage(e))) return("lonely")
    if (conditionMessage(e) == "unmet") return("unmet")
    stop(paste(c(as.character(unlist(first)), conditionMessage(e)), collapse = " "))
  }
  s <- tryCatch(sample_of(first$data, first$design, first$calibration, first$variance), error = lonely)
  do.call(rbind, lapply(rows, function(i) {
    case <- cases[i, ]
    found <- if (is.character(s)) s else tryCatch(answer(s, case$estimator, case$domain), error = lonely)
    if (is.character(found)) found <- list("*" = found)
    data.frame(row = i, measure = names(found), numbers = sapply(found, function(x) {
      if (is.character(x)) x else do.call(shown, as.list(x))
    }))
  }))
}
parts <- parallel::mclapply(groups, of_group, mc.cores = 2, mc.preschedule = FALSE)
failed <- sapply(parts, inherits, "try-error")
if (any(failed)) stop(paste(unlist(parts[failed]), collapse = "\n"))
all <- do.call(rbind, parts)
all <- all[order(all$row), ]
label <- do.call(paste, c(cases[all$row, c("design", "calibration", "variance", "domain", "estimator")], sep = "|"))
write.csv(data.frame(case = label, measure = all$measure, numbers = all$numbers),
  file.path(out, "expected.csv"), row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("survey", packageVersion("survey"))), file.path(out, "session.txt"))
