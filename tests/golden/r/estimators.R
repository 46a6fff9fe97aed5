# Reference numbers from R's package survey, for the estimators beyond means.
#
#   Rscript tests/golden/r/estimators.R [folder for the output]
#
# Reads estimators_interviews.csv beside this script (simulated, see generate_estimators.py) and
# writes estimators.csv, one number a row, 17 digits.

suppressMessages(library(survey))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
given <- commandArgs(TRUE)
out <- if (length(given)) given[1] else here
both <- read.csv(file.path(here, "estimators_interviews.csv"), na.strings = "")
d <- both[both$wave == 1, ]
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
  unstratified = svydesign(ids = ~psu, weights = ~weight, data = d)
)
domains <- list(all = rep(TRUE, nrow(d)))
for (u in 1:4) domains[[paste0("unit=", u)]] <- d$unit == u
for (s in c("L", "P")) domains[[paste0("sex=", s)]] <- d$sex == s

# The smallest answer at which the distribution reaches p. Where the smallest answer alone reaches
# it, svyquantile's own rule "math" gives the second smallest.
inverse <- function(x, w, p) {
  o <- order(x)
  x[o][which(cumsum(w[o]) >= p * sum(w) * (1 - 1e-12))[1]]
}

for (name in names(designs)) {
  design <- designs[[name]]
  for (domain in names(domains)) {
    for (measure in c("minutes", "fee", "happy")) {
      part <- subset(design, domains[[domain]] & !is.na(d[[measure]]))
      total <- svytotal(reformulate(measure), part)
      put("total", name, domain, measure, "value", coef(total))
      put("total", name, domain, measure, "se", SE(total))
      put("total", name, domain, measure, "df", degf(part))
      size <- svytotal(~one, part)
      put("size", name, domain, measure, "value", coef(size))
      put("size", name, domain, measure, "se", SE(size))
    }
    for (measure in c("minutes", "fee")) {
      part <- subset(design, domains[[domain]] & !is.na(d[[measure]]))
      y <- part$variables[[measure]]
      w <- weights(part, "sampling")
      for (p in c(0.1, 0.25, 0.5, 0.75, 0.9)) {
        statistic <- function(s) sprintf("%s_%g", s, p)
        q <- inverse(y, w, p)
        put("quantile", name, domain, measure, statistic("value"), q)
        for (method in c("mean", "xlogit")) {
          for (rule in c("math", "inverse")) {
            found <- svyquantile(reformulate(measure), part, p, interval.type = method,
              qrule = if (rule == "math") "math" else inverse)[[1]]
            label <- if (rule == "math") paste0("math_", method) else method
            put("quantile", name, domain, measure, statistic(paste0(label, "_value")), found[1])
            put("quantile", name, domain, measure, statistic(paste0(label, "_low")), found[2])
            put("quantile", name, domain, measure, statistic(paste0(label, "_high")), found[3])
            put("quantile", name, domain, measure, statistic(paste0(label, "_se")), found[4])
          }
        }
        # survey 4.1-1 has no Wilson interval: its formula.
        part$variables$reached <- as.numeric(y <= q)
        found <- svymean(~reached, part)
        s <- coef(found)[[1]]
        n_eff <- s * (1 - s) / vcov(found)[1]
        t <- qt(0.975, degf(part))
        ends <- (s + t^2 / (2 * n_eff) + c(-1, 1) * t *
          sqrt(s * (1 - s) / n_eff + t^2 / (4 * n_eff^2))) / (1 + t^2 / n_eff)
        put("quantile", name, domain, measure, statistic("wilson_low"), inverse(y, w, ends[1]))
        put("quantile", name, domain, measure, statistic("wilson_high"), inverse(y, w, ends[2]))
      }
    }
    ratios <- list("fee/forms" = c("fee", "forms"), "minutes/forms" = c("minutes", "forms"))
    for (label in names(ratios)) {
      top <- ratios[[label]][1]
      bottom <- ratios[[label]][2]
      part <- subset(design, domains[[domain]] & !is.na(d[[top]]) & !is.na(d[[bottom]]))
      ratio <- svyratio(reformulate(top), reformulate(bottom), part)
      put("ratio", name, domain, label, "value", coef(ratio))
      put("ratio", name, domain, label, "se", SE(ratio))
      put("ratio", name, domain, label, "df", degf(part))
    }
    # All choices of a question, with their covariances.
    part <- subset(design, domains[[domain]] & !is.na(d$choice))
    shares <- svymean(~ factor(choice, levels = c("a", "b", "c", "d", "e")), part)
    v <- vcov(shares)
    for (i in 1:5) {
      put("choice", name, domain, letters[i], "value", coef(shares)[i])
      put("choice", name, domain, letters[i], "se", sqrt(v[i, i]))
      for (j in seq_len(i - 1)) {
        put("choice", name, domain, paste0(letters[j], ":", letters[i]), "covariance", v[j, i])
      }
    }
  }
  # A unit's share of the whole, and one unit's total as a multiple of another's.
  d$of1 <- d$fee * (d$unit == 1)
  d$of2 <- d$fee * (d$unit == 2)
  again <- update(design, of1 = d$of1, of2 = d$of2)
  share <- svyratio(~of1, ~fee, again)
  put("quotient", name, "unit=1", "all", "value", coef(share))
  put("quotient", name, "unit=1", "all", "se", SE(share))
  times <- svyratio(~of1, ~of2, again)
  put("quotient", name, "unit=1", "unit=2", "value", coef(times))
  put("quotient", name, "unit=1", "unit=2", "se", SE(times))
}

# Subgroups.
for (pair in list(c("unit", "sex"), c("unit", "age"), c("unit", "service"), c("sex", "age"))) {
  for (measure in c("fee", "happy")) {
    for (a in sort(unique(d[[pair[1]]]))) {
      for (b in sort(unique(d[[pair[2]]]))) {
        part <- subset(designs$plain, d[[pair[1]]] == a & d[[pair[2]]] == b)
        if (nrow(part) == 0) next
        found <- svymean(reformulate(measure), part)
        domain <- sprintf("%s & %s", a, b)
        type <- paste(pair, collapse = " & ")
        put("cube", type, domain, measure, "value", coef(found))
        put("cube", type, domain, measure, "se", SE(found))
        put("cube", type, domain, measure, "df", degf(part))
        put("cube", type, domain, measure, "n", nrow(part))
      }
    }
  }
}

# Joint tests: all units alike, and two measures at once.
by <- svyby(~fee, ~unit, designs$plain, svymean, covmat = TRUE)
l <- rbind(c(1, -1, 0, 0), c(1, 0, -1, 0), c(1, 0, 0, -1))
delta <- l %*% coef(by)
f <- drop(t(delta) %*% solve(l %*% vcov(by) %*% t(l), delta)) / 3
put("joint", "plain", "unit", "fee", "f", f)
put("joint", "plain", "unit", "fee", "p", pf(f, 3, degf(designs$plain), lower.tail = FALSE))
sexes <- svyby(~ fee + happy, ~sex, designs$plain, svymean, covmat = TRUE)
v <- vcov(sexes)
l <- rbind(c(1, -1, 0, 0), c(0, 0, 1, -1))
at <- c("L:fee", "P:fee", "L:happy", "P:happy")
delta <- l %*% coef(sexes)[at]
covariance <- l %*% v[at, at] %*% t(l)
put("joint", "plain", "sex", "fee", "value", delta[1])
put("joint", "plain", "sex", "happy", "value", delta[2])
put("joint", "plain", "sex", "fee:happy", "covariance", covariance[1, 2])
put("joint", "plain", "sex", "fee:fee", "covariance", covariance[1, 1])

# Two waves; units 1 and 2 by the same PSUs in both.
waves <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = both)
waves_fpc <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, fpc = ~blocks, data = both)
for (name in c("plain", "fpc")) {
  design <- if (name == "plain") waves else waves_fpc
  for (measure in c("fee", "happy")) {
    for (u in 1:4) {
      part <- subset(design, unit == u)
      by <- svyby(reformulate(measure), ~wave, part, svymean, covmat = TRUE)
      difference <- svycontrast(by, c(-1, 1))
      put("wave", name, paste0("unit=", u), measure, "value", coef(difference))
      put("wave", name, paste0("unit=", u), measure, "se", SE(difference))
      put("wave", name, paste0("unit=", u), measure, "covariance", vcov(by)[1, 2])
    }
  }
}

# Tables.
tables <- list("choice:sex" = ~ choice + sex, "service:age" = ~ service + age,
  "choice:service" = ~ choice + service)
for (name in names(designs)) {
  for (label in names(tables)) {
    for (domain in c("all", "unit=1", "unit=3", "sex=P")) {
      if (label == "choice:sex" && domain == "sex=P") next
      part <- subset(designs[[name]], domains[[domain]] & !is.na(d$choice))
      f <- svychisq(tables[[label]], part, statistic = "F")
      put("chisq", name, domain, label, "f", f$statistic)
      put("chisq", name, domain, label, "ndf", f$parameter[1])
      put("chisq", name, domain, label, "ddf", f$parameter[2])
      put("chisq", name, domain, label, "f_p", f$p.value)
      first <- svychisq(tables[[label]], part, statistic = "Chisq")
      put("chisq", name, domain, label, "pearson", first$statistic)
      put("chisq", name, domain, label, "chisq_df", first$parameter)
      put("chisq", name, domain, label, "chisq_p", first$p.value)
    }
  }
}

# Regressions; iterated until nothing moves.
exact <- glm.control(epsilon = 1e-15, maxit = 200)
models <- list(
  linear = list(fee ~ sex + age + minutes, gaussian()),
  logistic = list(happy ~ sex + age + minutes, quasibinomial())
)
for (name in names(designs)) {
  for (domain in c("all", "unit=2", "sex=P")) {
    for (kind in names(models)) {
      formula <- models[[kind]][[1]]
      if (domain == "sex=P") formula <- update(formula, . ~ . - sex)
      part <- subset(designs[[name]], domains[[domain]] & !is.na(d$minutes))
      # glm warns where the last step cannot improve on rounding any more
      fit <- suppressWarnings(
        svyglm(formula, part, family = models[[kind]][[2]], control = exact)
      )
      label <- sub("(Intercept)", "(constant)", names(coef(fit)), fixed = TRUE)
      label <- sub("^(sex|age)", "\\1=", label)
      table <- summary(fit)$coefficients
      for (i in seq_along(label)) {
        put(kind, name, domain, label[i], "value", table[i, 1])
        put(kind, name, domain, label[i], "se", table[i, 2])
        put(kind, name, domain, label[i], "p", table[i, 4])
        put(kind, name, domain, label[i], "low", confint(fit)[i, 1])
      }
      put(kind, name, domain, "model", "df", fit$df.residual)
      put(kind, name, domain, "model", "covariance", vcov(fit)[1, 2])
      test <- regTermTest(fit, ~age)
      put(kind, name, domain, "age", "f", test$Ftest)
      put(kind, name, domain, "age", "f_p", test$p)
    }
  }
}

# Sessions and enumerators. By svydesign where there are no strata; otherwise step by step, with
# scores taken from the means of the strata.
for (u in 1:4) {
  part <- d[d$unit == u, ]
  part$crossed <- paste(part$psu, part$enumerator)
  se <- function(ids) {
    found <- svymean(~fee, svydesign(ids = ids, weights = ~weight, data = part))
    as.numeric(vcov(found))
  }
  put("twoway", "unstratified", paste0("unit=", u), "fee", "session", se(~psu))
  put("twoway", "unstratified", paste0("unit=", u), "fee", "enumerator", se(~enumerator))
  put("twoway", "unstratified", paste0("unit=", u), "fee", "both", se(~crossed))
  stratified <- function(ids) {
    found <- svymean(~fee, svydesign(ids = ids, strata = ~stratum, weights = ~weight, data = part))
    as.numeric(vcov(found))
  }
  put("twoway", "plain", paste0("unit=", u), "fee", "session", stratified(~psu))
  put("twoway", "plain", paste0("unit=", u), "fee", "both", stratified(~crossed))
  z <- part$weight * (part$fee - weighted.mean(part$fee, part$weight)) / sum(part$weight)
  stratum_mean <- ave(z, part$stratum, FUN = sum) /
    ave(part$psu, part$stratum, FUN = function(x) length(unique(x)))
  z <- z - stratum_mean * part$weight / ave(part$weight, part$psu, FUN = sum)
  of <- tapply(z, part$enumerator, sum)
  put("twoway", "plain", paste0("unit=", u), "fee", "enumerator",
    length(of) / (length(of) - 1) * sum(of^2))
}

write.csv(do.call(rbind, rows), file.path(out, "estimators.csv"), row.names = FALSE, quote = FALSE)
