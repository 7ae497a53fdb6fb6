// Keeps the templates, which are no Go yet, out of the module of the SDK.
module mcpg.dev/template

go 1.24
