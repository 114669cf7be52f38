"""The whole service under trouble for as long as one likes: what was promised must hold, on the phones."""
