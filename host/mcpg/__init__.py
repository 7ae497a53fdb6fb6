"""The gateway: rooms whose imports go down the list in ARCHITECTURE.md and never up."""

__version__ = "0.1.0"
