"""What an action is given and gives back, what may stand in braces, and how people choose of several."""
