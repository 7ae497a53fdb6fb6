"""Mirrors of plugins, signatures and revocation lists for sites without a network. Nothing is built here yet."""
