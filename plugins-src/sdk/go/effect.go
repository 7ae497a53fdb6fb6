package sdk

import "encoding/json"

// Effect describes something that only the host can do. Making one asks for nothing; Run asks.
type Effect struct {
	Driver string
	// Request is the driver's request document.
	Request json.RawMessage
}

// Asking returns an effect for any driver; request is written as JSON. One that cannot be is a mistake of the plugin.
func Asking(driver string, request any) Effect {
	text, err := json.Marshal(request)
	if err != nil {
		panic(err)
	}
	return Effect{Driver: driver, Request: text}
}

// Of returns the effect of a typed request.
func Of(request DriverRequest) Effect { return Asking(request.Driver(), request) }

// HTTP describes a call of an HTTP API.
func HTTP(request HTTPRequest) Effect { return Of(request) }

// SQL describes a statement or a transaction.
func SQL(request SQLRequest) Effect { return Of(request) }

// Command describes a program that is run.
func Command(request CommandRequest) Effect { return Of(request) }

// MCP describes a request to an upstream.
func MCP(request MCPRequest) Effect { return Of(request) }

// Notify describes progress or a log message for the client.
func Notify(request NotifyRequest) Effect { return Of(request) }

// Sign describes a signature under a key that the plugin never sees.
func Sign(request SignRequest) Effect { return Of(request) }

// Reply is what the world answered to one effect: a document, or a problem.
type Reply struct {
	JSON    json.RawMessage
	Problem *Problem
}

// Err returns the problem, or nil if the effect worked.
func (r Reply) Err() error {
	if r.Problem == nil {
		return nil
	}
	return r.Problem
}

// Read reads the reply into a pointer; it returns the problem if the effect failed.
func (r Reply) Read(into any) error {
	if r.Problem != nil {
		return r.Problem
	}
	if err := json.Unmarshal(r.JSON, into); err != nil {
		return Failf(badReply, "a reply is not what was expected: %v", err)
	}
	return nil
}
