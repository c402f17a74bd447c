"""Archives: all that a company owns as one ZIP file, and such a file as a new company.

A file for each table, as CSV; `directory.json`, which the directory's own context writes and reads; and, last of all,
`manifest.json`, which says what the others hold and their checksums. The file tells nothing that opens a door.
"""
