"""Commands for whoever wants to know whether circles help."""
