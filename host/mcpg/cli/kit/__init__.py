"""What the verbs of plugins, mirrors and revocations share, one part in each file. No verb stands here."""
