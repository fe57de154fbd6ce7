"""The tree of YAML files that Lightdash's own command line writes and reads (`lightdash download`, `upload`).

`documents` says an item as that tool says it, `desired` takes such a document over onto what a project has
already, `yaml` is the YAML of both, `tree` knows which file is what, `write` and `read` are the disk.
Source: the files of its version 0.2904.5, and what `*/code` answers.
"""
