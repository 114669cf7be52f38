"""Who is whose buddy: matching, rounds, rematching, and the words that buddies exchange."""
