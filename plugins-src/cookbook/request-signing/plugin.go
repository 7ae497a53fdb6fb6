// Request-signing is a backend for HTTP APIs that want signed requests, as AWS Signature Version 4 has them. The key stays
// in the host: the plugin writes what is to be signed, and the driver `sign` signs it.
package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/backend"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	BaseURL   string `json:"base_url"`
	Region    string `json:"region"`
	Service   string `json:"service"`
	AccessKey string `json:"access_key"`
	SecretKey string `json:"secret_key"`
}

type requestSigning struct {
	config
	host string
}

func newRequestSigning(c config) (requestSigning, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" {
		return requestSigning{}, mcpg.Failf("bad-config", "`base_url` is no URL")
	}
	return requestSigning{c, base.Host}, nil
}

// Describe offers nothing by itself: the operator names the tools.
func (p requestSigning) Describe(*mcpg.Run) (mcpg.Catalog, error) {
	return mcpg.Catalog{}, nil
}

// Call signs a request and sends it. It starts again from here for each of the two replies.
func (p requestSigning) Call(run *mcpg.Run, _ mcpg.Caller, call mcpg.Call) (backend.Progress, error) {
	wanted, err := read(call)
	if err != nil {
		return backend.Progress{}, err
	}
	if call.Run == nil {
		return backend.Progress{}, mcpg.Failf("no-time", "the call does not say when it is")
	}
	reply := run.HTTP(p.signed(run, wanted, time.UnixMilli(call.Run.Now)))
	if reply.Status >= 400 {
		return backend.Done(mcpg.ErrorResult(fmt.Sprintf("the API answered %d: %s", reply.Status, textOf(reply)))), nil
	}
	if reply.JSON != nil {
		return backend.Done(mcpg.DocumentResult(reply.JSON)), nil
	}
	return backend.Done(mcpg.TextResult(textOf(reply))), nil
}

// signed asks for the signature and returns the request that carries it.
func (p requestSigning) signed(run *mcpg.Run, wanted wanted, now time.Time) mcpg.HTTPRequest {
	headers := []header{
		{"host", p.host},
		{"x-amz-content-sha256", hash(wanted.body)},
		{"x-amz-date", now.UTC().Format(stamp)},
	}
	if wanted.body != "" {
		headers = append(headers, header{"content-type", "application/json"})
	}
	path := wanted.path
	if p.Service != "s3" {
		path = encoded(path, false) // all services but this one encode a path twice
	}
	text, names := canonical(wanted.method, path, wanted.query, headers, wanted.body)
	within := scope(now, p.Region, p.Service)
	signature := run.Sign(mcpg.SignRequest{
		Key:    mcpg.Secret{Reference: p.SecretKey, Prefix: "AWS4"},
		Derive: within,
		Text:   toSign(now, within, text),
	}).Signature
	request := mcpg.HTTPRequest{
		Method: mcpg.HTTPMethod(wanted.method),
		URL:    p.BaseURL + wanted.path,
		Headers: map[string]any{"authorization": fmt.Sprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%s",
			algorithm, p.AccessKey, strings.Join(within, "/"), names, signature)},
	}
	if wanted.query != "" {
		request.URL += "?" + wanted.query
	}
	if wanted.body != "" {
		request.Body = wanted.body
	}
	for _, each := range headers {
		if each.name != "host" { // the driver writes that one, from the URL
			request.Headers[each.name] = each.value
		}
	}
	return request
}

func textOf(reply mcpg.HTTPReply) string {
	if reply.JSON != nil {
		return string(reply.JSON)
	}
	return reply.Body.String()
}

func init() { backend.Export(newRequestSigning) }

func main() {}
