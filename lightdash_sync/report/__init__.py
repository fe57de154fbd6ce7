"""Reports: one value, built by one function for each report, rendered by one module for each format.

All texts in a report are untrusted, because anybody who can edit content may have written them; each renderer
makes them harmless for its format.
"""
