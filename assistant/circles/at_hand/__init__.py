"""Someone to be there within minutes: who is on hand, who is asked, the hour together, and the truth else."""
