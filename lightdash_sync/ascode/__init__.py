"""The tree of YAML files that Lightdash's own command line writes and reads (`lightdash download`, `upload`).

`documents` converts items to documents, `desired` applies documents to the existing content of a project,
`yaml` reads and writes the YAML of both, `tree` knows the role of each file, `read` and `write` access the
disk. Source: the files of its version 0.2904.5, and the answers of `*/code`.
"""
