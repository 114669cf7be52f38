"""What a season's weeks ask, its live hour, its end, and how long its words are kept."""
