"""Fields: how a column is called, written and coloured, by a panel's defaults and overrides."""
