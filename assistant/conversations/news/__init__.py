"""What the circle hears of each other, as texts."""
