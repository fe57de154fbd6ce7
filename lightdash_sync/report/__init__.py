"""Reports: one value, built by one function for each report, rendered by one module for each format.

Everything in a report may come from anybody who can edit content, and is made harmless on its way out.
"""
