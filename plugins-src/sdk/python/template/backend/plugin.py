"""{{name}}: greets people by what a greeting service says."""

from urllib.parse import quote

from mcpg_sdk import Call, Caller, Problem, backend, error_result, http, log, text_result

GREET = {
    "name": "greet",
    "description": "Greets somebody by name.",
    "inputSchema": {
        "type": "object",
        "properties": {"name": {"type": "string", "description": "Who is greeted."}},
        "required": ["name"],
    },
}


@backend
class Greeter:
    """Made once from the configuration, which follows the schema in manifest.json; asked for each call."""

    def __init__(self, config: dict) -> None:
        self.base_url = config["base_url"]

    def describe(self) -> dict:
        """Say which tools there are."""
        return {"tools": [GREET]}

    def call(self, caller: Caller, call: Call) -> dict:
        """Fulfil one call: `http` asks the gateway, and what comes back stands on the next line."""
        name = call["arguments"]["name"]
        reply = http(url=f"{self.base_url}/greetings/{quote(name, safe='')}")
        if reply["status"] == 404:
            return error_result(f"nobody is called {name}")
        if reply["status"] != 200:
            raise Problem("greeter-failed", f"the greeting service answered {reply['status']}")
        log("info", "greeted")
        return text_result(reply["json"]["greeting"])
