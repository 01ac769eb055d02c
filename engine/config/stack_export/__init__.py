"""`engine export stack`: the originals, run from the files that run here."""
