import time


def decide(caller, action):
    match action["name"]:
        case "divide":
            return 1 / 0
        case "yes":
            return True
        case "two":
            return 2
        case "clock":
            return "permit" if time.time() > 0 else "deny"
        case "file":
            return open("/etc/passwd").read()
        case "swallow":
            try:
                return action["arguments"]["amount"]
            except:
                return "deny"
        case "note":
            return {"permit": {"annotate": {"notes": {"seen by": "rules"}}}}
