"""Targets that Kubernetes knows: lists and watches of its objects, and what each role makes of them."""
