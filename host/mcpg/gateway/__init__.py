"""The composition root: wires the rooms, starts and stops them, reloads. It decides nothing about a call."""
