import numpy


def decide(caller, action):
    return "permit"
