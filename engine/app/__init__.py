"""The application: wires the parts and owns their life."""
