# Fay-Herriot by REML with dense matrices, the root of the score by bisection: another way to the
# numbers of analysis/fay_herriot.py. Where metafor is installed, its rma() has to agree.
#   Rscript fay_herriot.R OUT
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("--file=", "", grep("--file=", args, value = TRUE)))
out <- commandArgs(trailingOnly = TRUE)[1]
data <- read.csv(file.path(here, "fay_herriot_areas.csv"))

projection <- function(a, x, psi) {
  w <- diag(1 / (a + psi))
  w - w %*% x %*% solve(t(x) %*% w %*% x) %*% t(x) %*% w
}
score <- function(a, x, y, psi) {
  p <- projection(a, x, psi)
  (sum((p %*% y)^2) - sum(diag(p))) / 2
}

rows <- list()
put <- function(case, area, statistic, value)
  rows[[length(rows) + 1]] <<- data.frame(case, area, statistic, value = sprintf("%.15g", value))

for (case in unique(data$case)) {
  d <- data[data$case == case, ]
  q <- d$covariates[1]
  x <- as.matrix(cbind(1, d[, c("x1", "x2")][, seq_len(q), drop = FALSE]))
  y <- d$direct
  s <- median(d$psi)
  slope <- function(a) score(a * s, x, y, d$psi) * s
  a <- if (slope(0) <= 0) 0 else s * uniroot(slope, c(0, 1e4), tol = 1e-15, maxiter = 1000)$root
  v <- a + d$psi
  w <- diag(1 / v)
  m <- solve(t(x) %*% w %*% x)
  beta <- m %*% t(x) %*% w %*% y
  fixed <- as.vector(x %*% beta)
  g <- a / v
  value <- fixed + g * (y - fixed)
  mse <- g * d$psi + (1 - g)^2 * rowSums((x %*% m) * x) + 2 * d$psi^2 / v^3 * 2 / sum(1 / v^2)
  put(case, "", "area_variance", a)
  for (i in seq_along(beta)) put(case, i - 1, "coefficient", beta[i])
  for (i in seq_along(y)) {
    put(case, i - 1, "value", value[i])
    put(case, i - 1, "mse", mse[i])
  }
  if (requireNamespace("metafor", quietly = TRUE)) {
    other <- metafor::rma(y / sqrt(s), d$psi / s, mods = x, intercept = FALSE, method = "REML",
                          control = list(threshold = 1e-12, maxiter = 10000, stepadj = 0.5))
    near <- function(a, b) max(abs(a - b)) < 1e-5 * (1 + max(abs(a)))
    stopifnot(near(other$tau2, a / s), near(metafor::blup(other)$pred, value / sqrt(s)))
    message(case, ": metafor agrees")
  }
}
write.csv(do.call(rbind, rows), file.path(out, "fay_herriot.csv"), row.names = FALSE, quote = FALSE)
