"""Benchmarks: `python -m tests.bench [name …]` measures what the budgets name, each as a ratio of one run.

A module here is a benchmark if it has a `NAME` and a `run() -> list[Row]`, which may take `quick`. It starts
its own servers, on loopback, and stops them; machines differ and are noisy, so what counts is a ratio of
medians taken in turns.
"""
