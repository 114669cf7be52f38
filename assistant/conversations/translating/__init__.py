"""A translation under others' words, for readers who asked for one."""
