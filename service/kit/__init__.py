"""The kit: what every module needs and what knows nothing of schools."""
