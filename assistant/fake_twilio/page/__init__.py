"""The page with the phones, as far as the server has a part in it: its routes, its feed, what it shows."""
