"""Files that organizers brought, imported by workers."""
