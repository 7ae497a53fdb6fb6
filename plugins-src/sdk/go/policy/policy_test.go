package policy

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

type byName struct{}

func (byName) Decide(_ *sdk.Run, _ sdk.Caller, action sdk.Action) (Verdict, error) {
	switch action.Name {
	case "permit":
		return Permit(Obligation{Kind: "redact", Detail: sdk.Redact{Paths: []string{"/a"}}}), nil
	case "deny":
		return Deny("mine", "no"), nil
	case "abstain":
		return Abstain(), nil
	case "fail":
		return Permit(), errors.New("I could not tell")
	}
	return Verdict{}, nil
}

func (byName) See(_ *sdk.Run, _ sdk.Caller, actions []sdk.Action) ([]Sight, error) {
	if len(actions) == 1 {
		return nil, nil
	}
	return Each(actions, func(action sdk.Action) Sight { return Sight(action.Name[0]) }), nil
}

func failed(code, message string) answer.Answer {
	return answer.Answer{Case: caseFailed, Payload: &sdk.Problem{Code: code, Message: message}}
}

func TestPolicy(t *testing.T) {
	caller := json.RawMessage(`{}`)
	before := decide(caller, json.RawMessage(`{}`), nil)
	if !reflect.DeepEqual(before, failed("plugin-error", "the plugin is not configured")) {
		t.Errorf("%+v", before)
	}
	Export(func(c struct{ Refuse bool }) (byName, error) {
		if c.Refuse {
			return byName{}, sdk.Failf("bad-config", "refused")
		}
		return byName{}, nil
	})
	for _, each := range []struct {
		config string
		wanted uint8
	}{{`{"refuse": true}`, 1}, {`{"refuse": "text"}`, 1}, {`{}`, 0}, {`{}`, 1}} {
		if made := plugin.Configure(each.config); made.Case != each.wanted {
			t.Errorf("%s: %+v", each.config, made)
		}
	}
	for name, wanted := range map[string]answer.Answer{
		"permit":  {Case: casePermit, Payload: []answer.Pair{{First: "redact", Second: `{"paths":["/a"]}`}}},
		"deny":    {Case: caseDeny, Payload: &sdk.Problem{Code: "mine", Message: "no"}},
		"abstain": {Case: caseAbstain},
		"fail":    failed("plugin-error", "I could not tell"),
		"":        failed("plugin-error", "the plugin gave no answer: return policy.Permit, Deny or Abstain, or an error"),
	} {
		if found := decide(caller, json.RawMessage(`{"name": "`+name+`"}`), nil); !reflect.DeepEqual(found, wanted) {
			t.Errorf("%s: %+v %+v", name, found, found.Payload)
		}
	}
	if found := decide(caller, json.RawMessage(`{"name": 1}`), nil); found.Case != caseFailed {
		t.Errorf("%+v", found)
	}
}

func TestSee(t *testing.T) {
	plugin = answer.Plugin[Policy]{}
	Export(func(struct{}) (byName, error) { return byName{}, nil })
	plugin.Configure(`{}`)
	found := see(json.RawMessage(`{}`), json.RawMessage(`[{"name": "permit"}, {"name": "deny"}, {"name": "a"}]`), nil)
	if !reflect.DeepEqual(found, answer.Answer{Case: caseSeen, Payload: "pda"}) {
		t.Errorf("%+v", found)
	}
	if short := see(json.RawMessage(`{}`), json.RawMessage(`[{"name": "permit"}]`), nil); short.Case != caseNotSeen {
		t.Errorf("%+v", short)
	}
}

func TestASecondPluginIsAMistake(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("nothing was said")
		}
	}()
	plugin = answer.Plugin[Policy]{}
	Export(func(struct{}) (byName, error) { return byName{}, nil })
	Export(func(struct{}) (byName, error) { return byName{}, nil })
}
