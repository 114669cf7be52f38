"""Commands that say who may do what: who hosts a circle, who sees to the whole service."""
