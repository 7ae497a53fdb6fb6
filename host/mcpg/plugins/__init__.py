"""From a reference to a stage that is ready: verify, read, compile, configure, swap, fence. It decides no call."""
