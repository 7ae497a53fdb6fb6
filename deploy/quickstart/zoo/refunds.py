"""How risky a refund is: the rules of `policy-rules` in the zoo. They run inside its sandbox, not in the gateway."""

import math

RISKY = {"XX", "ZZ"}


def decide(caller, action):  # noqa: ANN001, ANN201, ARG001 - the plugin's own form
    """Say nothing of other tools; else give the risk from 0 to 1, by the model of `refunds.json`."""
    if action["name"] != "refund":
        return None
    given = action["arguments"]
    if given["country"] in RISKY:
        return {"deny": {"code": "no-refunds-there", "message": f"no refunds to `{given['country']}`"}}
    return model.score({"amount": math.log10(given["amount"]), "foreign": float(given["country"] != "DE")})  # noqa: F821 - given by the plugin
