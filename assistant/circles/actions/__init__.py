"""What an action is given and returns, what may stand in braces, and how people choose of several."""
