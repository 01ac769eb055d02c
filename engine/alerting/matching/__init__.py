"""Matchers as Alertmanager writes them: two grammars, what is read by which, and how matchers are printed."""
