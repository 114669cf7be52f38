"""Words of others in a reader's language: what translates, on this machine and nowhere else."""
