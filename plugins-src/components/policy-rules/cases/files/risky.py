"""A model decides: how risky is this payment?"""

import math


def decide(caller, action):
    given = action["arguments"]
    return model.score({"amount": math.log10(given["amount"]), "foreign": 1 if given.get("country") != "CH" else 0})


def see(caller, action):
    return "permit" if caller["trust"] == "verified" else "deny"
