"""Two who talk on the phone: who may ask whom, both yeses, and whether it still may ring."""
