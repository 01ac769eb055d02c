"""Dashboards and panels as a browser asks for them: variables resolved, queries run, all made ready to draw."""
