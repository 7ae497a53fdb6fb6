"""Revocations: signed lists, their rules, what a site remembers of them, and feeds. It stops no plugin itself."""
