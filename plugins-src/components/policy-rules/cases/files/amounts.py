"""Who may move how much money."""

LIMITS = {"clerks": 1000, "managers": 50_000}


def decide(caller, action):
    if action["name"] != "transfer":
        return None
    if not caller["groups"]:
        return "deny"
    limit = max(LIMITS.get(group, 0) for group in caller["groups"])
    amount = action["arguments"]["amount"]
    if amount > limit:
        return {"deny": {"code": "too-much", "message": f"{amount} is more than {limit}"}}
    return "permit"
