package sdk_test

import (
	"encoding/json"
	"testing"

	sdk "mcpg.dev/sdk"
)

func TestUnknownMembersOfAToolGoOutAsTheyCame(t *testing.T) {
	const text = `{"name":"a","x-new":{"b":1.50},"inputSchema":{"type":"object"}}`
	var tool sdk.Tool
	if err := json.Unmarshal([]byte(text), &tool); err != nil {
		t.Fatal(err)
	}
	tool.Description = "said"
	written, err := json.Marshal(tool)
	if err != nil {
		t.Fatal(err)
	}
	const wanted = `{"description":"said","inputSchema":{"type":"object"},"name":"a","x-new":{"b":1.50}}`
	if string(written) != wanted {
		t.Errorf("%s", written)
	}
}

func TestUnknownMembersDoNotBreakReading(t *testing.T) {
	var caller sdk.Caller
	if err := json.Unmarshal([]byte(`{"id": "ana", "later": [1], "trust": "another"}`), &caller); err != nil {
		t.Fatal(err)
	}
	if caller.ID != "ana" || caller.Trust != "another" {
		t.Errorf("%+v", caller)
	}
}

func TestSecretsAreTypedNodes(t *testing.T) {
	effect := sdk.HTTP(sdk.HTTPRequest{
		URL:     "https://x.test",
		Headers: map[string]any{"authorization": sdk.Secret{Reference: "secret://env/TOKEN", Prefix: "Bearer "}},
	})
	const wanted = `{"url":"https://x.test","headers":{"authorization":{"$secret":"secret://env/TOKEN","prefix":"Bearer "}}}`
	if effect.Driver != "http" || string(effect.Request) != wanted {
		t.Errorf("%s %s", effect.Driver, effect.Request)
	}
}

func TestResults(t *testing.T) {
	for _, each := range []struct {
		result any
		wanted string
	}{
		{sdk.TextResult("a<b"), `{"content":[{"type":"text","text":"a<b"}]}`},
		{sdk.ErrorResult("no"), `{"content":[{"type":"text","text":"no"}],"isError":true}`},
		{sdk.DocumentResult([]int{1}), `{"content":[{"type":"text","text":"[1]"}]}`},
		{sdk.DocumentResult(json.RawMessage(`{"b":1.50}`)), `{"content":[{"type":"text","text":"{\"b\":1.50}"}],"structuredContent":{"b":1.50}}`},
		{
			sdk.DocumentResult(json.RawMessage(`{"a":{"$ref":"blob:0"}}`)),
			`{"content":[{"type":"text","text":"The result has large parts: see the structured content."}],"structuredContent":{"a":{"$ref":"blob:0"}}}`,
		},
	} {
		text, err := json.Marshal(each.result)
		if err != nil {
			t.Fatal(err)
		}
		var one, other any
		if json.Unmarshal(text, &one) != nil || json.Unmarshal([]byte(each.wanted), &other) != nil {
			t.Fatal("not JSON")
		}
		if a, b := string(canonical(one)), string(canonical(other)); a != b {
			t.Errorf("%s\n%s", a, b)
		}
	}
}

func canonical(value any) []byte {
	text, _ := json.Marshal(value)
	return text
}
