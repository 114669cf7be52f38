"""One revision a file, numbered in order; a deployed one is never edited."""
