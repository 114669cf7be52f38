"""Trust in words: who read them, what is held about a member, forgetting it all, and reports."""
