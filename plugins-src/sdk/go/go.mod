module mcpg.dev/sdk

go 1.24
