"""MCP without I/O: frames, versions, checks, sessions as tables, shapes. It opens no socket and reads no clock."""
