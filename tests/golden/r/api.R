# Reference numbers from R's package survey for the public API (tests/analysis/test_api_golden.py):
# raked jackknife, two stages, certainty PSUs, lonely PSUs, replicate weights, design effects.
#
#   Rscript tests/golden/r/api.R > tests/golden/r/api.csv
#
# Reads api_interviews.csv beside this script (simulated; nobody was asked). One estimate a line:
# its name, value, standard error and what else belongs to it, 17 digits.

suppressMessages(library(survey))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
d <- read.csv(file.path(here, "api_interviews.csv"))
one <- svydesign(ids=~psu, strata=~stratum, weights=~w, data=d)
two <- svydesign(ids=~psu+id, strata=~stratum, fpc=~N1+N2, weights=~w, data=d)
p <- function(n, x) cat(paste(c(n, sprintf("%.17g", as.numeric(x))), collapse = ","), "\n", sep = "")
pop1 <- data.frame(sex=c("L","P"), Freq=c(600,500)); pop2 <- data.frame(age=c("a","b","c"), Freq=c(400,400,300))
jk <- as.svrepdesign(one, type="JKn", mse=TRUE)
rk <- rake(jk, list(~sex,~age), list(pop1,pop2), control=list(epsilon=1e-13, maxit=500))
m <- svymean(~score, rk); p("rk_mean", c(coef(m), SE(m)))
m <- svytotal(~score, rk); p("rk_total", c(coef(m), SE(m)))
m <- svyratio(~score, ~x, rk); p("rk_ratio", c(coef(m), SE(m)))
for (u in c("A","B")) { s <- subset(rk, unit==u)
 m <- svytotal(~score, s); p(paste0("rk_total_",u), c(coef(m), SE(m)))
 m <- svyratio(~score, ~x, s); p(paste0("rk_ratio_",u), c(coef(m), SE(m))) }
cal <- calibrate(one, ~sex+age, c("(Intercept)"=1100, sexP=500, ageb=400, agec=300), calfun="linear")
m <- svymean(~score, cal); p("cal_mean", c(coef(m), SE(m)))
m <- svytotal(~score, subset(cal, unit=="A")); p("cal_total_A", c(coef(m), SE(m)))
m <- svyratio(~score, ~x, subset(cal, unit=="A")); p("cal_ratio_A", c(coef(m), SE(m)))
m <- svymean(~score, two); p("two_mean", c(coef(m), SE(m)))
m <- svytotal(~score, two); p("two_total", c(coef(m), SE(m)))
m <- svyratio(~score, ~x, subset(two, unit=="A")); p("two_ratio_A", c(coef(m), SE(m)))
b <- svyby(~score, ~unit, two, svymean, covmat=TRUE); m <- svycontrast(b, c(A=1,B=-1)); p("two_contrast", c(coef(m), SE(m)))
m <- svytotal(~score, jk); p("jk_total", c(coef(m), SE(m)))
b <- svyby(~score, ~unit, jk, svymean, covmat=TRUE); m <- svycontrast(b, c(A=1,B=-1)); p("jk_contrast", c(coef(m), SE(m)))
b <- svyby(~score, ~unit, rk, svymean, covmat=TRUE); m <- svycontrast(b, c(A=1,B=-1)); p("rk_contrast", c(coef(m), SE(m)))
b <- svyby(~score, ~unit, one, svymean, covmat=TRUE, deff=TRUE); m <- svycontrast(b, c(A=1,B=-1)); p("contrast", c(coef(m), SE(m)))
m <- svytotal(~score, subset(one, unit=="A"), deff="replace"); p("deff_total", c(deff(m)))
m <- svyratio(~score, ~x, subset(one, unit=="A"), deff="replace"); p("deff_ratio", unlist(deff(m)))
cert <- svydesign(ids=~cpsu, strata=~cstr, fpc=~cN, weights=~w, data=d)
m <- svymean(~score, cert); p("cert_mean", c(coef(m), SE(m), degf(cert)))
# All PSUs of the strata drawn: nothing left to sample, but for a second stage.
d$all <- ave(d$psu, d$stratum, FUN = function(x) length(unique(x)))
d$some <- ifelse(d$stratum == min(d$stratum), d$all, d$N1)
census <- svydesign(ids=~psu, strata=~stratum, fpc=~all, weights=~w, data=d)
m <- svymean(~score, census); p("census_mean", c(coef(m), SE(m)))
m <- svytotal(~score, subset(census, unit=="A")); p("census_total_A", c(coef(m), SE(m)))
partly <- svydesign(ids=~psu, strata=~stratum, fpc=~some, weights=~w, data=d)
m <- svymean(~score, partly); p("census_of_some_mean", c(coef(m), SE(m)))
staged <- svydesign(ids=~psu+id, strata=~stratum, fpc=~all+N2, weights=~w, data=d)
m <- svymean(~score, staged); p("census_two_mean", c(coef(m), SE(m)))
m <- svyratio(~score, ~x, subset(staged, unit=="A")); p("census_two_ratio_A", c(coef(m), SE(m)))
# The same answers far from 0.
far <- svydesign(ids=~psu, strata=~stratum, weights=~w, data=transform(d, score=score + 1e12))
m <- svymean(~score, far); p("far_mean", c(coef(m) - 1e12, SE(m)))
m <- svymean(~score, as.svrepdesign(far, type="JKn", mse=TRUE)); p("far_jkn_mean", c(coef(m) - 1e12, SE(m)))
o <- d; o$stratum[o$psu==1] <- 99
lo <- svydesign(ids=~psu, strata=~stratum, weights=~w, data=o)
for (k in c("adjust","average","certainty")) { options(survey.lonely.psu=k)
 m <- svymean(~score, lo); p(paste0("lonely_",k), c(coef(m), SE(m)))
 m <- svytotal(~score, lo); p(paste0("lonely_total_",k), c(coef(m), SE(m))) }
options(survey.lonely.psu="fail")
rep <- svrepdesign(weights=~w, repweights="r[0-9]+", data=d, type="bootstrap", combined.weights=TRUE, mse=TRUE)
m <- svytotal(~score, subset(rep, unit=="A")); p("rep_total_A", c(coef(m), SE(m)))
m <- svyratio(~score, ~x, subset(rep, unit=="A")); p("rep_ratio_A", c(coef(m), SE(m)))
for (k in c("JK1", "BRR", "Fay", "other")) {
  rep <- svrepdesign(weights=~w, repweights="r[0-9]+", data=d, type=k, combined.weights=TRUE, mse=(k != "BRR"),
    rho=if (k == "Fay") 0.3 else NULL, scale=if (k == "other") 0.1 else if (k == "JK1") 11/12 else NULL,
    rscales=if (k == "other") seq(0.5, 1.6, 0.1) else NULL)
  m <- svymean(~score, subset(rep, unit=="A")); p(paste0("rep_mean_A_", k), c(coef(m), SE(m)))
  m <- svyratio(~score, ~x, rep); p(paste0("rep_ratio_", k), c(coef(m), SE(m)))
}
log <- calibrate(one, ~sex+age, c("(Intercept)"=1100, sexP=500, ageb=400, agec=300), calfun="logit", bounds=c(0.3, 3))
m <- svyratio(~score, ~x, subset(log, unit=="A")); p("logit_ratio_A", c(coef(m), SE(m)))
ps <- postStratify(jk, ~sex, pop1)
m <- svytotal(~score, subset(ps, unit=="A")); p("ps_total_A", c(coef(m), SE(m)))
