"""What an address can show, when our own words may go to it, and what a tap means. Pure."""
