"""The tables, one module a subject, and the one way to reach them."""
