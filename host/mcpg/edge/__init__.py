"""The front door: HTTP and stdio, the second listener, metrics. It decides nothing about a call."""
