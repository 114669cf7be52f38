"""Text as SMS carries it: the GSM-7 alphabet, and what a text costs in segments."""
