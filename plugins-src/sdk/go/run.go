package sdk

import "encoding/json"

// Run is one question to the plugin. Its methods ask the host for effects and return what came of them.
//
// A reply that is not there yet ends the pass: the code stops at the call, and starts again from its beginning once the
// host has performed what was asked. A deferred recover of the plugin cannot hold that up.
type Run struct {
	given   map[string]json.RawMessage
	replies []Reply
	asked   []Effect
	missing bool // a reply was missing, so the pass ends with all that was asked
	stopped bool // and not only that of a log line
}

// stop is what a call whose reply is missing panics with.
type stop struct{}

// All asks for several effects at once and returns their replies in that order, failed ones too.
func (r *Run) All(effects ...Effect) []Reply {
	if r.stopped {
		panic(stop{})
	}
	from := len(r.asked)
	r.asked = append(r.asked, effects...)
	if len(r.asked) > len(r.replies) {
		r.missing, r.stopped = true, true
		panic(stop{})
	}
	return r.replies[from:len(r.asked):len(r.asked)]
}

// Try asks for one effect and returns its reply, a failed one too.
func (r *Run) Try(effect Effect) Reply { return r.All(effect)[0] }

// Ask asks for one effect and returns its reply document; a failed one ends the run.
func (r *Run) Ask(effect Effect) json.RawMessage {
	reply := r.Try(effect)
	if reply.Problem != nil {
		panic(reply.Problem)
	}
	return reply.JSON
}

// Log writes a line to the gateway's log, at most with one document. It does not stop the pass, and no answer may
// depend on it.
func (r *Run) Log(level LogLevel, message string, data ...any) {
	request := LogRequest{Level: level, Message: message}
	if len(data) > 0 {
		request.Data = data[0]
	}
	if r.stopped {
		panic(stop{})
	}
	r.asked = append(r.asked, Of(request))
	r.missing = r.missing || len(r.asked) > len(r.replies)
}

// Given returns a document of the question as it came, by the name of its parameter: `caller`, `action`, `call`,
// `outcome`, `request`, `batch`; nil if there is none.
func (r *Run) Given(name string) json.RawMessage { return r.given[name] }

// Get asks for one effect and reads its reply; a failed one ends the run.
func Get[T any](run *Run, effect Effect) T {
	value, err := Try[T](run, effect)
	if err != nil {
		panic(err)
	}
	return value
}

// Try asks for one effect and reads its reply; the error of a failed one is a *Problem.
func Try[T any](run *Run, effect Effect) (T, error) {
	var value T
	err := run.Try(effect).Read(&value)
	return value, err
}

// All asks for several effects at once and reads their replies; the first failed one ends the run.
func All[T any](run *Run, effects ...Effect) []T {
	values := make([]T, len(effects))
	for i, reply := range run.All(effects...) {
		if err := reply.Read(&values[i]); err != nil {
			panic(err)
		}
	}
	return values
}

// HTTP calls an HTTP API; a failed reply ends the run. An answer with another status than 200 is no failed reply.
func (r *Run) HTTP(request HTTPRequest) HTTPReply { return Get[HTTPReply](r, Of(request)) }

// SQL runs a statement or a transaction; a failed reply ends the run.
func (r *Run) SQL(request SQLRequest) SQLReply { return Get[SQLReply](r, Of(request)) }

// Command runs a program; a failed reply ends the run.
func (r *Run) Command(request CommandRequest) CommandReply { return Get[CommandReply](r, Of(request)) }

// MCP sends a request to an upstream; a failed reply ends the run.
func (r *Run) MCP(request MCPRequest) MCPReply { return Get[MCPReply](r, Of(request)) }

// Notify tells the client of a call something; a failed reply ends the run.
func (r *Run) Notify(request NotifyRequest) NotifyReply { return Get[NotifyReply](r, Of(request)) }

// Sign signs a text under a key that the plugin never sees; a failed reply ends the run.
func (r *Run) Sign(request SignRequest) SignReply { return Get[SignReply](r, Of(request)) }
