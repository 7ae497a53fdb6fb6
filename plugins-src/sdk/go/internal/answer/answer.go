// Package answer holds what a plugin answers, before it is laid out in memory: every answer of the contract is one case
// of a variant. It knows no kind.
package answer

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
)

// Answer is one case of a variant, by its number in WIT; payloads are nil, string, *sdk.Problem, []Pair and []Charge.
type Answer struct {
	Case    uint8
	Payload any
}

// Pair is a record of two texts: an effect, or an obligation.
type Pair struct {
	First, Second string
}

// Charge is the record of that name.
type Charge struct {
	Account                        []string
	Cost, Capacity, Refill, Window uint64
}

// Of makes one pass and returns what it came to: what `done` makes of the plugin's own answer, or one of the cases
// `failed` and `perform`.
func Of[T any](
	replies []sdk.Reply, given map[string]json.RawMessage, failed, perform uint8,
	body func(*sdk.Run) (T, error), done func(T) Answer,
) Answer {
	end := sdk.Pass(replies, given, body)
	switch {
	case end.Failed != nil:
		return Answer{failed, end.Failed}
	case end.Perform != nil:
		effects := make([]Pair, len(end.Perform))
		for i, effect := range end.Perform {
			effects[i] = Pair{effect.Driver, string(effect.Request)}
		}
		return Answer{perform, effects}
	}
	return sealed(failed, func() Answer { return done(end.Done) })
}

// Plain is Of for functions that cannot ask.
func Plain[T any](failed uint8, body func() (T, error), done func(T) Answer) Answer {
	value, problem := sdk.Guarded(body)
	if problem != nil {
		return Answer{failed, problem}
	}
	return sealed(failed, func() Answer { return done(value) })
}

// sealed turns what cannot be written as JSON into a failure.
func sealed(failed uint8, make func() Answer) Answer {
	made, problem := sdk.Guarded(func() (Answer, error) { return make(), nil })
	if problem != nil {
		return Answer{failed, problem}
	}
	return made
}

// JSON returns a document as text; one that cannot be written ends the pass.
func JSON(document any) string {
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Read reads a document of the host's; one that cannot be read ends the pass.
func Read[T any](name string, text json.RawMessage) T {
	var document T
	if err := json.Unmarshal(text, &document); err != nil {
		panic(sdk.Failf("bad-document", "`%s` cannot be read: %v", name, err))
	}
	return document
}

// Or returns the answer; none at all ends the pass, so that a zero value never means yes. what names the functions that
// make one.
func (a *Answer) Or(what string) Answer {
	if a == nil {
		panic(sdk.Failf("plugin-error", "the plugin gave no answer: return %s, or an error", what))
	}
	return *a
}
