// {{name}} is a credential plugin: it gets an access token for each upstream from an issuing service.
package main

import (
	"encoding/json"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/credential"
)

// config is the configuration, as the schema in manifest.json has it. Client is the reference of a secret, never its
// value: the host puts that in where the request is sent.
type config struct {
	TokenURL string `json:"token_url"`
	Client   string `json:"client"`
}

// {{ident}} is the plugin.
type {{ident}} struct{ config }

func new{{ident}}(c config) ({{ident}}, error) {
	return {{ident}}{c}, nil
}

// Issue issues a credential for a target. It starts again from here when the reply to what it asked for has come.
func (p {{ident}}) Issue(run *mcpg.Run, _ mcpg.Caller, target string) (credential.Issuance, error) {
	reply := run.HTTP(mcpg.HTTPRequest{
		Method:  mcpg.HTTPMethodPost,
		URL:     p.TokenURL,
		Headers: map[string]any{"authorization": mcpg.Secret{Reference: p.Client, Prefix: "Bearer "}},
		JSON:    map[string]string{"target": target},
	})
	switch reply.Status {
	case 200:
		var issued struct {
			AccessToken string `json:"access_token"`
			ExpiresAt   int64  `json:"expires_at"`
		}
		if err := json.Unmarshal(reply.JSON, &issued); err != nil {
			return credential.Issuance{}, err
		}
		scheme, header := "Bearer", "authorization"
		return credential.Issued(mcpg.Credential{
			Value:   issued.AccessToken,
			Scheme:  &scheme,
			Header:  &header,
			Expires: issued.ExpiresAt,
		}), nil
	case 403:
		return credential.Deny("no-credential", "the issuer gives no credential for `"+target+"`"), nil
	}
	return credential.Issuance{}, mcpg.Failf("issuer-failed", "the issuer answered %d", reply.Status)
}

func init() { credential.Export(new{{ident}}) }

func main() {}
