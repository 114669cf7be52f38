"""Pictures and voice notes: what of their bytes may go on, and what turns a voice into words."""
