"""Trust: keys, envelopes, statements, signatures and the policy over them. Pure: it does no I/O and knows no clock."""
