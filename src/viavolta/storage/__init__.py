"""Ports made real: where studies are written to and read from.

`study_folder` holds the study folder of docs/reference/study-folder.md. May import services and
all further in.
"""
