"""What stands above any question: stop, start, help, and texts that no person wrote to us."""
