"""Pictures and voice notes: taken in, fetched beside all other work, and given to whom their sender chose."""
