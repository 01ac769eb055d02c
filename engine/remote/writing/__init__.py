"""Remote write, from our side: all that is committed goes to other servers too."""
