"""A third language: all of English backwards, added as the recipe says, by data alone."""
