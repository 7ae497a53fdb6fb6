"""The command line: one file for each noun, loaded when its verb is called. It decides nothing of the gateway's.

Exit codes: 0 good, 1 failed, 2 wrongly called, 3 refused by trust.
"""

from mcpg.cli.group import main

__all__ = ["main"]
