"""What members share: with their circle, with each other, and what they want to reach."""
