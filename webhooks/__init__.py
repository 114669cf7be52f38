"""The carriers' doors, the service's own health, and `create_app`, which wires every page."""
