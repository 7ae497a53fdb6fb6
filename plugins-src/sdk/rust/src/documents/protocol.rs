//! What MCP itself has: tools, prompts and resources.
//!
//! Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A prompt as MCP's prompts/list shows it.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prompt {
    /// its name
    pub name: String,
    /// what people are shown in place of the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// what it is for, in words for people and models
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// what it takes, as MCP has it
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Map<String, Value>>,
    /// icons as MCP has them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    /// MCP's own extension point, as it came
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// the backend's own name, where it is another
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Members that no schema names; they go out as they came in.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A resource as MCP's resources/list shows it.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resource {
    /// its URI
    pub uri: String,
    /// its name
    pub name: String,
    /// what people are shown in place of the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// what it is for, in words for people and models
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// its media type
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// its size in bytes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// hints of its server
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    /// icons as MCP has them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    /// MCP's own extension point, as it came
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// the backend's own name, where it is another
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Members that no schema names; they go out as they came in.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A resource template as MCP's resources/templates/list shows it.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceTemplate {
    /// the template of its URIs (RFC 6570)
    #[serde(rename = "uriTemplate")]
    pub uri_template: String,
    /// its name
    pub name: String,
    /// what people are shown in place of the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// what it is for, in words for people and models
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// the media type of what it leads to
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// hints of its server
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    /// icons as MCP has them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    /// MCP's own extension point, as it came
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// Members that no schema names; they go out as they came in.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A tool as MCP's tools/list shows it; `target` is the backend's own name where it differs.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tool {
    /// its name
    pub name: String,
    /// JSON Schema of its arguments
    #[serde(rename = "inputSchema", skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Map<String, Value>>,
    /// what people are shown in place of the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// what it is for, in words for people and models
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its structured content
    #[serde(rename = "outputSchema", skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Map<String, Value>>,
    /// hints such as `readOnlyHint`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    /// icons as MCP has them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Map<String, Value>>,
    /// how it may be run, as MCP has it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<Map<String, Value>>,
    /// MCP's own extension point, as it came
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// the backend's own name, where it is another
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Members that no schema names; they go out as they came in.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}
