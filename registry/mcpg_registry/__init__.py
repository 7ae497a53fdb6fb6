"""Plugin references, OCI layouts, packing and trust. It pulls nothing from a registry yet, and it runs no component."""
