def decide(caller, action):
    return "permit
