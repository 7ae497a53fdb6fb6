def judge(caller, action):
    return "permit"
