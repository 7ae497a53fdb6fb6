"""A gateway beside the editor: a plugin from its source, exchanged on save, each run shown. It is never for others.

What it shows are documents as plugins get them, so it serves loopback only, and no configuration file can turn it on.
"""
