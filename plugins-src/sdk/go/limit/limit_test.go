package limit

import (
	"encoding/json"
	"testing"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

type fixed struct{ cost uint64 }

func (f fixed) Reserve(caller sdk.Caller, _ sdk.Action) (Plan, error) {
	return Reserving(Charge{Account: []string{"caller", caller.ID}, Cost: f.cost}), nil
}

func (f fixed) Settle(sdk.Caller, sdk.Action, sdk.Outcome) ([]Charge, error) {
	return []Charge{{Cost: f.cost}}, nil
}

func TestNumbersThatOthersWouldRoundAreRefused(t *testing.T) {
	Export(func(c struct{ Cost uint64 }) (fixed, error) { return fixed{c.Cost}, nil })
	caller, action, outcome := json.RawMessage(`{"id": "ana"}`), json.RawMessage(`{}`), json.RawMessage(`{"status": "ok"}`)
	plugin.Configure(`{"cost": 9007199254740991}`)
	if found := reserve(caller, action); found.Case != caseCharge {
		t.Errorf("%+v", found)
	}
	if found := settle(caller, action, outcome); found.Case != caseSettled {
		t.Errorf("%+v", found)
	}
	plugin = answer.Plugin[Limit]{}
	Export(func(c struct{ Cost uint64 }) (fixed, error) { return fixed{c.Cost}, nil })
	plugin.Configure(`{"cost": 9007199254740992}`)
	if found := reserve(caller, action); found.Case != caseFailed {
		t.Errorf("%+v", found)
	}
	if found := settle(caller, action, outcome); found.Case != caseNotSettled {
		t.Errorf("%+v", found)
	}
}
