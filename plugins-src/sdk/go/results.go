package sdk

import (
	"bytes"
	"encoding/json"
)

// ToolResult is the result of a tool as MCP has it.
type ToolResult struct {
	Content           []Content       `json:"content"`
	StructuredContent json.RawMessage `json:"structuredContent,omitzero"`
	IsError           bool            `json:"isError,omitzero"`
}

// Content is a text in a result.
type Content struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// TextResult returns a result with one text.
func TextResult(text string) ToolResult {
	return ToolResult{Content: []Content{{Type: "text", Text: text}}}
}

// ErrorResult returns a result that tells the client of an error.
func ErrorResult(text string) ToolResult {
	result := TextResult(text)
	result.IsError = true
	return result
}

// DocumentResult returns a result with a document: as text, and as structured content too if it is an object.
func DocumentResult(document any) ToolResult {
	var out bytes.Buffer
	writer := json.NewEncoder(&out)
	writer.SetEscapeHTML(false)
	if err := writer.Encode(document); err != nil {
		panic(err)
	}
	text := bytes.TrimRight(out.Bytes(), "\n")
	result := TextResult(string(text))
	if bytes.Contains(text, []byte(`"$ref":"blob:`)) {
		// a body that stays in the host can stand in the structured content, but not inside a text
		result = TextResult("The result has large parts: see the structured content.")
	}
	if text[0] == '{' {
		result.StructuredContent = text
	}
	return result
}
