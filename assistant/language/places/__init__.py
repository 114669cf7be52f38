"""Reading where someone is: cities, regions, and the clock that is kept there."""
