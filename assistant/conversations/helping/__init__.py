"""Helps whoever asks us something, is not understood, or writes in another language than we do."""
