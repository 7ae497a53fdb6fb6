package sdk_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	sdk "mcpg.dev/sdk"
)

func get(url string) sdk.Effect { return sdk.HTTP(sdk.HTTPRequest{URL: url}) }

func ok(text string) sdk.Reply { return sdk.Reply{JSON: json.RawMessage(text)} }

func late() sdk.Reply { return sdk.Reply{Problem: &sdk.Problem{Code: "late", Message: "no answer"}} }

// urls returns what a pass asked for.
func urls(effects []sdk.Effect) string {
	var found []string
	for _, effect := range effects {
		var request struct{ URL, Message string }
		_ = json.Unmarshal(effect.Request, &request)
		found = append(found, effect.Driver+" "+request.URL+request.Message)
	}
	return strings.Join(found, ", ")
}

func straight(run *sdk.Run) (string, error) {
	first := run.HTTP(sdk.HTTPRequest{URL: "a"})
	both := sdk.All[sdk.HTTPReply](run, get("b"), get("c"))
	return first.Body.String() + both[0].Body.String() + both[1].Body.String(), nil
}

func TestAPassAsksForAllEffectsFromItsStart(t *testing.T) {
	body := func(text string) sdk.Reply { return ok(`{"status": 200, "body": "` + text + `"}`) }
	for _, each := range []struct {
		replies []sdk.Reply
		asked   string
	}{
		{nil, "http a"},
		{[]sdk.Reply{body("1")}, "http a, http b, http c"},
		{[]sdk.Reply{body("1"), body("2")}, "http a, http b, http c"},
	} {
		end := sdk.Pass(each.replies, nil, straight)
		if urls(end.Perform) != each.asked || end.Failed != nil {
			t.Errorf("with %d replies: %+v", len(each.replies), end)
		}
	}
	end := sdk.Pass([]sdk.Reply{body("1"), body("2"), body("3")}, nil, straight)
	if end.Done != "123" || end.Perform != nil || end.Failed != nil {
		t.Errorf("%+v", end)
	}
}

func TestAMissingReplyCannotBeSwallowed(t *testing.T) {
	end := sdk.Pass(nil, nil, func(run *sdk.Run) (text string, err error) {
		for _, url := range []string{"a", "b"} {
			func() {
				defer func() { _ = recover() }()
				run.Try(get(url))
			}()
		}
		return "swallowed", errors.New("swallowed")
	})
	if urls(end.Perform) != "http a" {
		t.Errorf("%+v", end)
	}
}

func TestFailedRepliesEndTheRunUnlessTheyAreCaught(t *testing.T) {
	end := sdk.Pass([]sdk.Reply{late()}, nil, straight)
	if end.Failed == nil || *end.Failed != *late().Problem {
		t.Errorf("%+v", end)
	}
	caught := sdk.Pass([]sdk.Reply{late()}, nil, func(run *sdk.Run) (string, error) {
		_, err := sdk.Try[sdk.HTTPReply](run, get("a"))
		return sdk.ProblemOf(err).Code, nil
	})
	if caught.Done != "late" {
		t.Errorf("%+v", caught)
	}
	odd := sdk.Pass([]sdk.Reply{ok(`[]`)}, nil, straight)
	if odd.Failed == nil || odd.Failed.Code != "bad-reply" {
		t.Errorf("%+v", odd)
	}
}

func TestLogLinesDoNotStopAPass(t *testing.T) {
	logging := func(run *sdk.Run) (string, error) {
		run.Log(sdk.LogLevelInfo, "one", map[string]int{"n": 1})
		run.HTTP(sdk.HTTPRequest{URL: "a"})
		run.Log(sdk.LogLevelInfo, "two")
		return "done", nil
	}
	for i, asked := range []string{"log one, http a", "log one, http a", "log one, http a, log two"} {
		replies := []sdk.Reply{ok(`{}`), ok(`{"status": 200}`)}[:i]
		if end := sdk.Pass(replies, nil, logging); urls(end.Perform) != asked {
			t.Errorf("with %d replies: %+v", i, end)
		}
	}
	// a line that could not be written is nothing to fail for
	end := sdk.Pass([]sdk.Reply{late(), ok(`{"status": 200}`), late()}, nil, logging)
	if end.Done != "done" || end.Perform != nil || end.Failed != nil {
		t.Errorf("%+v", end)
	}
}

func TestErrorsAndPanicsBecomeProblems(t *testing.T) {
	for _, each := range []struct {
		body          func(*sdk.Run) (int, error)
		code, message string
	}{
		{func(*sdk.Run) (int, error) { return 0, errors.New("broken") }, "plugin-error", "broken"},
		{func(*sdk.Run) (int, error) { return 0, sdk.Failf("mine", "it is %d", 1) }, "mine", "it is 1"},
		{func(*sdk.Run) (int, error) { panic(sdk.Failf("mine", "thrown")) }, "mine", "thrown"},
		{func(*sdk.Run) (int, error) { panic("oh no") }, "plugin-error", "oh no"},
		{func(r *sdk.Run) (int, error) { var none []int; return none[len(r.Given("caller"))], nil }, "plugin-error", "index out of range"},
		{func(*sdk.Run) (int, error) { sdk.Asking("http", make(chan int)); return 0, nil }, "plugin-error", "unsupported type"},
	} {
		end := sdk.Pass(nil, nil, each.body)
		if end.Failed == nil || end.Failed.Code != each.code || !strings.Contains(end.Failed.Message, each.message) {
			t.Errorf("%s: %+v", each.message, end.Failed)
		}
	}
}

func TestGivenDocumentsAreAsTheyCame(t *testing.T) {
	given := map[string]json.RawMessage{"batch": json.RawMessage(`[1.50]`)}
	end := sdk.Pass(nil, given, func(run *sdk.Run) (string, error) { return string(run.Given("batch")), nil })
	if end.Done != `[1.50]` {
		t.Errorf("%+v", end)
	}
}
