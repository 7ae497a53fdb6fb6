"""What the host does for plugins: one file per driver, grants, secrets and the guarded connector.

It decides nothing about callers and keeps no record: the pipeline runs the stages and the ledger writes. The way in is
`Desk` (see `desk.py`); other rooms that speak HTTP take `GuardedConnector` (see `connector.py`).
"""
