"""Pure statistics: from a sample and its design to numbers that may be printed.

In the order of the method, module and what it is for:

    instrument.Instrument        the questionnaire as fielded, and what each answer means
    outcomes.response_rates      who was selected, who answered
    weights.weigh                how many visits an interview stands for, factor by factor
    measures.Measure             one number per interview
    scoring.measures             answers to measures: topline, bentuk, index, SKM
    design.Design, design.code   how interviews were drawn
    moments.psu_moments          the one pass over interviews
    variance.domain_means        means, variances, covariances, contrasts
    intervals.wilson             and t, t_logit, korn_graubard
    precision.precision          which standard error and interval is used where
    estimates.estimate           the tidy table
    publication.Rules            what a sample must hold; publish, may_judge
    confidence.place             a place against a threshold, with its probability
    comparison.against_others    a unit against the others
    simulation.truth             samples whose truth is known
    errors.SampleError           what can be wrong, said so that somebody can act

Nothing is imported here, so that a command that only needs an error starts at once.
"""
