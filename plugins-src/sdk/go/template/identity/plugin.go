// {{name}} is an identity plugin: it hands the token in a header to a service, and believes what the service says.
package main

import (
	"encoding/json"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/identity"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	Header string `json:"header"`
	URL    string `json:"url"`
}

// {{ident}} is the plugin.
type {{ident}} struct{ config }

func new{{ident}}(c config) ({{ident}}, error) {
	return {{ident}}{c}, nil
}

// Identify says who is calling. It starts again from here when the reply to what it asked for has come.
func (p {{ident}}) Identify(run *mcpg.Run, request mcpg.Credentials) (identity.Finding, error) {
	token, there := request.Headers[p.Header]
	if !there {
		return identity.Abstain(), nil
	}
	reply := run.HTTP(mcpg.HTTPRequest{Method: mcpg.HTTPMethodPost, URL: p.URL, JSON: map[string]string{"token": token}})
	if reply.Status != 200 {
		return identity.Finding{}, mcpg.Failf("introspection-failed", "the service answered %d", reply.Status)
	}
	var said struct {
		Active bool     `json:"active"`
		Sub    string   `json:"sub"`
		Groups []string `json:"groups"`
	}
	if err := json.Unmarshal(reply.JSON, &said); err != nil {
		return identity.Finding{}, err
	}
	if said.Active && said.Sub == "" {
		return identity.Finding{}, mcpg.Failf("introspection-failed", "the service does not say whose token it is")
	}
	if !said.Active {
		return identity.Reject("bad-token", "the token is not good, or no longer"), nil
	}
	return identity.Caller(mcpg.Caller{
		ID:     said.Sub,
		Kind:   mcpg.CallerKindUser,
		Groups: said.Groups,
		How:    mcpg.How{Credential: p.Header},
		Trust:  mcpg.CallerTrustVerified,
	}), nil
}

func init() { identity.Export(new{{ident}}) }

func main() {}
