"""Plugin references, registries, OCI layouts, the store, packing and trust. It runs no component."""
