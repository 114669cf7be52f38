"""Tests, room by room as the program is built."""

import os
import sys

# What is imported is compiled once: for both workers of the tests, and for every process that a test starts.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
