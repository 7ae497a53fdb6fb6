// {{name}} is a sink: it posts batches of records to a URL.
package main

import (
	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/sink"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	URL string `json:"url"`
}

// {{ident}} is the plugin.
type {{ident}} struct{ config }

func new{{ident}}(c config) ({{ident}}, error) {
	return {{ident}}{c}, nil
}

// Deliver posts one batch. It starts again from here when the reply to what it asked for has come.
func (p {{ident}}) Deliver(run *mcpg.Run, _ []mcpg.Record) (sink.Delivery, error) {
	reply, err := mcpg.Try[mcpg.HTTPReply](run, mcpg.HTTP(mcpg.HTTPRequest{
		Method: mcpg.HTTPMethodPost,
		URL:    p.URL,
		JSON:   run.Given("batch"), // as it came
	}))
	if err != nil {
		return sink.Retry("receiver-busy", err.Error()), nil
	}
	switch {
	case reply.Status >= 200 && reply.Status < 300:
		return sink.Delivered(), nil
	case reply.Status == 429 || reply.Status >= 500:
		return sink.Retry("receiver-busy", "the receiver is busy or down"), nil
	}
	return sink.Delivery{}, mcpg.Failf("receiver-refused", "the receiver answered %d", reply.Status)
}

func init() { sink.Export(new{{ident}}) }

func main() {}
