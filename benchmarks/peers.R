# Means and Taylor standard errors of 20 measures by unit, with R's package survey.
# Rscript peers.R DATA.csv REPEATS RESULT.csv ; prints CPU seconds (median) and peak MB as JSON.
suppressMessages(library(survey))
asked <- commandArgs(TRUE)
data <- if (requireNamespace("data.table", quietly = TRUE)) {
  as.data.frame(data.table::fread(asked[1]))
} else {
  read.csv(asked[1])
}
# whole numbers: this version of survey stumbles over strata given as text
data$h <- as.integer(factor(data$unit))
measures <- grep("^(skala|ya)", names(data), value = TRUE)
formula <- as.formula(paste("~", paste(measures, collapse = "+")))
options(survey.lonely.psu = "adjust")
spent <- numeric(0)
for (i in seq_len(as.integer(asked[2]))) {
  gc(FALSE)
  before <- sum(proc.time()[c(1, 2, 4, 5)])
  design <- svydesign(id = ~sesi, strata = ~h, weights = ~w, data = data)
  found <- svyby(formula, ~unit, design, svymean, vartype = "se")
  spent <- c(spent, sum(proc.time()[c(1, 2, 4, 5)]) - before)
}
value <- as.matrix(found[, measures])
se <- as.matrix(found[, paste0("se.", measures)])
long <- data.frame(
  domain = rep(as.character(found$unit), times = length(measures)),
  measure = rep(measures, each = nrow(found)),
  value = as.vector(value), se = as.vector(se)
)
long$value <- formatC(long$value, digits = 17, format = "g")
long$se <- formatC(long$se, digits = 17, format = "g")
write.csv(long, asked[3], row.names = FALSE, quote = FALSE)
peak <- as.numeric(gsub("[^0-9]", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE)))
cat(sprintf('{"cpu": %.4f, "memory": %.1f, "repeats": %d}\n', median(spent), peak / 1024, length(spent)))
