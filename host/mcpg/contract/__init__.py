"""Python's view of `wit/`: frozen documents, verdicts and the ports between rooms. It does no I/O."""
