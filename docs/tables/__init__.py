"""The sections of compatibility.md, each made from the tables that the code itself works by."""
