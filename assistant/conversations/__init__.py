"""What a text means and what is answered: one person's words, questions, turns and timers."""
