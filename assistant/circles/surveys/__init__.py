"""A few questions before and after a season, of which only counts are ever told."""
