"""MCP without I/O: frames, versions, classification, sessions as tables, shapes. It opens no socket and knows no clock."""
