"""From the alerts of a group to what is sent, and the sending."""
