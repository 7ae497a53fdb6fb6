"""Runs the stages in order, suspends and resumes runs, writes records. It loads no plugin and opens no socket."""
