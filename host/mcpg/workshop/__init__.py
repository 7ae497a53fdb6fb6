"""Where plugins are written: new projects, builds, cases, measuring, and a gateway beside the editor.

Nothing of it runs in a gateway that serves, and it signs and publishes nothing.
"""
