"""Bundles of plugins, signatures and revocation lists for sites without a network: made, checked, moved and served.

A bundle is an OCI image layout in a directory or a tar, with a signed inventory. Nothing here trusts a bundle.
"""
