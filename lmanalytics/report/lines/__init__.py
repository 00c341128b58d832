"""Every line of a run beside its report: paged, searchable, each with its explanation."""
