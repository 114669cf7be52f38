"""What people look at instead of reading it by text: pages, over the same functions that texts call."""
