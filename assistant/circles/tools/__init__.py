"""An organizer's other tools: their tokens, what they asked for once already, and what hooks hear of."""
