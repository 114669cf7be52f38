"""Reading when: days, hours, clock times and offsets, and saying them."""
