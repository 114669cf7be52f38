"""When: the clock, local time, quiet hours, and what is due."""
