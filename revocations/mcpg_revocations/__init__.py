"""Revocations: the signed list, its rules, and the list that ships. It polls no feed yet and stops no plugin itself."""
