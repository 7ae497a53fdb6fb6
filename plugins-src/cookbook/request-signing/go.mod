module cookbook/request-signing

go 1.24

require mcpg.dev/sdk v1.0.0

replace mcpg.dev/sdk => ./sdk
