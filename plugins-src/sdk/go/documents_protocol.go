// Code generated from wit/schemas by plugins-src/sdk/generate.py. DO NOT EDIT.

package sdk

import "encoding/json"

// What MCP itself has: tools, prompts and resources.
//
// A plugin is given what its manifest's reads lists and nothing else: a member that is left out has its zero value, and
// one that is not known here is passed over.

// Prompt: a prompt as MCP's prompts/list shows it.
type Prompt struct {
	// its name
	Name string `json:"name"`

	// what people are shown in place of the name
	Title string `json:"title,omitzero"`

	// what it is for, in words for people and models
	Description string `json:"description,omitzero"`

	// what it takes, as MCP has it
	Arguments []json.RawMessage `json:"arguments,omitzero"`

	// icons as MCP has them
	Icons []json.RawMessage `json:"icons,omitzero"`

	// MCP's own extension point, as it came
	Meta json.RawMessage `json:"_meta,omitzero"`

	// the backend's own name, where it is another
	Target string `json:"target,omitzero"`

	// More holds members that no schema names; they go out as they came in.
	More map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads all members.
func (d *Prompt) UnmarshalJSON(text []byte) (err error) {
	type plain Prompt
	d.More, err = readOpen(text, (*plain)(d), "name", "title", "description", "arguments", "icons", "_meta", "target")
	return err
}

// MarshalJSON writes all members.
func (d Prompt) MarshalJSON() ([]byte, error) {
	type plain Prompt
	return writeOpen(plain(d), d.More)
}

// Resource: a resource as MCP's resources/list shows it.
type Resource struct {
	// its URI
	URI string `json:"uri"`

	// its name
	Name string `json:"name"`

	// what people are shown in place of the name
	Title string `json:"title,omitzero"`

	// what it is for, in words for people and models
	Description string `json:"description,omitzero"`

	// its media type
	MimeType string `json:"mimeType,omitzero"`

	// its size in bytes
	Size int64 `json:"size,omitzero"`

	// hints of its server
	Annotations json.RawMessage `json:"annotations,omitzero"`

	// icons as MCP has them
	Icons []json.RawMessage `json:"icons,omitzero"`

	// MCP's own extension point, as it came
	Meta json.RawMessage `json:"_meta,omitzero"`

	// the backend's own name, where it is another
	Target string `json:"target,omitzero"`

	// More holds members that no schema names; they go out as they came in.
	More map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads all members.
func (d *Resource) UnmarshalJSON(text []byte) (err error) {
	type plain Resource
	d.More, err = readOpen(text, (*plain)(d), "uri", "name", "title", "description", "mimeType", "size", "annotations", "icons", "_meta", "target")
	return err
}

// MarshalJSON writes all members.
func (d Resource) MarshalJSON() ([]byte, error) {
	type plain Resource
	return writeOpen(plain(d), d.More)
}

// ResourceTemplate: a resource template as MCP's resources/templates/list shows it.
type ResourceTemplate struct {
	// the template of its URIs (RFC 6570)
	URITemplate string `json:"uriTemplate"`

	// its name
	Name string `json:"name"`

	// what people are shown in place of the name
	Title string `json:"title,omitzero"`

	// what it is for, in words for people and models
	Description string `json:"description,omitzero"`

	// the media type of what it leads to
	MimeType string `json:"mimeType,omitzero"`

	// hints of its server
	Annotations json.RawMessage `json:"annotations,omitzero"`

	// icons as MCP has them
	Icons []json.RawMessage `json:"icons,omitzero"`

	// MCP's own extension point, as it came
	Meta json.RawMessage `json:"_meta,omitzero"`

	// More holds members that no schema names; they go out as they came in.
	More map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads all members.
func (d *ResourceTemplate) UnmarshalJSON(text []byte) (err error) {
	type plain ResourceTemplate
	d.More, err = readOpen(text, (*plain)(d), "uriTemplate", "name", "title", "description", "mimeType", "annotations", "icons", "_meta")
	return err
}

// MarshalJSON writes all members.
func (d ResourceTemplate) MarshalJSON() ([]byte, error) {
	type plain ResourceTemplate
	return writeOpen(plain(d), d.More)
}

// Tool: a tool as MCP's tools/list shows it; `target` is the backend's own name where it differs.
type Tool struct {
	// its name
	Name string `json:"name"`

	// JSON Schema of its arguments
	InputSchema json.RawMessage `json:"inputSchema,omitzero"`

	// what people are shown in place of the name
	Title string `json:"title,omitzero"`

	// what it is for, in words for people and models
	Description string `json:"description,omitzero"`

	// JSON Schema of its structured content
	OutputSchema json.RawMessage `json:"outputSchema,omitzero"`

	// hints such as `readOnlyHint`
	Annotations json.RawMessage `json:"annotations,omitzero"`

	// icons as MCP has them
	Icons []json.RawMessage `json:"icons,omitzero"`

	// how it may be run, as MCP has it
	Execution json.RawMessage `json:"execution,omitzero"`

	// MCP's own extension point, as it came
	Meta json.RawMessage `json:"_meta,omitzero"`

	// the backend's own name, where it is another
	Target string `json:"target,omitzero"`

	// More holds members that no schema names; they go out as they came in.
	More map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads all members.
func (d *Tool) UnmarshalJSON(text []byte) (err error) {
	type plain Tool
	d.More, err = readOpen(text, (*plain)(d), "name", "inputSchema", "title", "description", "outputSchema", "annotations", "icons", "execution", "_meta", "target")
	return err
}

// MarshalJSON writes all members.
func (d Tool) MarshalJSON() ([]byte, error) {
	type plain Tool
	return writeOpen(plain(d), d.More)
}

// readOpen reads the members that known names, and keeps all others.
func readOpen(text []byte, known any, names ...string) (map[string]json.RawMessage, error) {
	if err := json.Unmarshal(text, known); err != nil {
		return nil, err
	}
	var more map[string]json.RawMessage
	if err := json.Unmarshal(text, &more); err != nil {
		return nil, err
	}
	for _, name := range names {
		delete(more, name)
	}
	return more, nil
}

// writeOpen writes what known holds, and more beside it.
func writeOpen(known any, more map[string]json.RawMessage) ([]byte, error) {
	text, err := json.Marshal(known)
	if err != nil || len(more) == 0 {
		return text, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	for name, value := range more {
		if _, taken := members[name]; !taken {
			members[name] = value
		}
	}
	return json.Marshal(members)
}
