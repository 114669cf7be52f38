"""The steps by which a database comes from nothing to today's tables, one file each in `versions/`."""
