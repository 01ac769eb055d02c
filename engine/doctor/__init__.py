"""What ails a running stack, in plain words, and the next step. It asks the APIs, so the originals can be asked too."""
