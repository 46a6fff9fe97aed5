"""Pure statistics: design, weights, estimates, intervals, and the rules of publication."""
