"""Transport: texts are recorded before the carrier is answered, and sent once, in order, when they may go."""
