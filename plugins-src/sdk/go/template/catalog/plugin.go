// {{name}} is a catalog plugin: it hides tools by prefix and adds a note to the others.
package main

import (
	"slices"
	"strings"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/catalog"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	Hide []string `json:"hide"`
	Note string   `json:"note"`
}

// {{ident}} is the plugin.
type {{ident}} struct{ config }

func new{{ident}}(c config) ({{ident}}, error) {
	return {{ident}}{c}, nil
}

// Shape returns what this caller is shown.
func (p {{ident}}) Shape(_ mcpg.Caller, all mcpg.Catalog) (mcpg.Catalog, error) {
	all.Tools = slices.DeleteFunc(all.Tools, func(tool mcpg.Tool) bool {
		return slices.ContainsFunc(p.Hide, func(prefix string) bool { return strings.HasPrefix(tool.Name, prefix) })
	})
	for i := range all.Tools {
		all.Tools[i].Description += p.Note
	}
	return all, nil
}

func init() { catalog.Export(new{{ident}}) }

func main() {}
