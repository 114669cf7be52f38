"""Commands about an organizer's other tools: their tokens, and the hooks that tell them what happened."""
