"""What `mcpg import` and `mcpg export` share: the files of MCP clients, documents of the registry, and our own file."""
