"""`python -m assistant.cli`: the `circle` command without its script."""

from assistant.cli import main

main()
