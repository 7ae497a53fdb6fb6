// Package catalog makes a catalog plugin: it shapes what a caller is shown.
package catalog

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

// Catalog is what the author of a catalog plugin writes. It cannot ask for effects.
type Catalog interface {
	// Shape returns what this caller is shown of a catalog.
	Shape(caller sdk.Caller, catalog sdk.Catalog) (sdk.Catalog, error)
}

const (
	caseShaped = iota
	caseNotShaped
)

var plugin answer.Plugin[Catalog]

// Export makes this program a catalog plugin: create makes it of its configuration, once for each instance. Call it
// in func init. An error of create refuses the configuration, with the code of the *sdk.Problem that it is, or with
// `plugin-error`.
func Export[C any, P Catalog](create func(config C) (P, error)) {
	plugin.Register(answer.Creator(create, func(made P) Catalog { return made }))
}

func shape(caller, catalog json.RawMessage) answer.Answer {
	return answer.Plain(caseNotShaped, func() (sdk.Catalog, error) {
		who, what := answer.Read[sdk.Caller]("caller", caller), answer.Read[sdk.Catalog]("catalog", catalog)
		return plugin.Made().Shape(who, what)
	}, func(shaped sdk.Catalog) answer.Answer {
		return answer.Answer{Case: caseShaped, Payload: answer.JSON(shaped)}
	})
}
