"""A member's own page: their words, who read them, what is held, and forgetting it all."""
