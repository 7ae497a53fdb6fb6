// Package sink makes a sink plugin: it carries records out.
package sink

import (
	"encoding/json"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

// Sink is what the author of a sink plugin writes. An error means that this batch can never be delivered.
type Sink interface {
	// Deliver delivers a batch; run.Given("batch") is the same as it came, for passing on.
	Deliver(run *sdk.Run, batch []sdk.Record) (Delivery, error)
}

// Delivery is how a batch fared; its zero value says nothing and fails the batch.
type Delivery struct{ made *answer.Answer }

const (
	caseDelivered = iota
	caseRetry
	caseFailed
	casePerform
)

// Delivered says that the batch is there.
func Delivered() Delivery { return Delivery{&answer.Answer{Case: caseDelivered}} }

// Retry says that the same batch may be tried again later.
func Retry(code, message string) Delivery {
	return Delivery{&answer.Answer{Case: caseRetry, Payload: &sdk.Problem{Code: code, Message: message}}}
}

var plugin answer.Plugin[Sink]

// Export makes this program a sink plugin: create makes it of its configuration, once for each instance. Call it
// in func init. An error of create refuses the configuration, with the code of the *sdk.Problem that it is, or with
// `plugin-error`.
func Export[C any, P Sink](create func(config C) (P, error)) {
	plugin.Register(answer.Creator(create, func(made P) Sink { return made }))
}

func deliver(batch json.RawMessage, replies []sdk.Reply) answer.Answer {
	given := map[string]json.RawMessage{"batch": batch}
	return answer.Of(replies, given, caseFailed, casePerform, func(run *sdk.Run) (Delivery, error) {
		return plugin.Made().Deliver(run, answer.Read[[]sdk.Record]("batch", batch))
	}, func(delivery Delivery) answer.Answer { return delivery.made.Or("sink.Delivered or Retry") })
}
