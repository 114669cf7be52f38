"""Reading numbers and other ways to reach someone, as people write them."""
