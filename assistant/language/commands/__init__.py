"""Reading what a text asks to be done, and to whom it is addressed."""
