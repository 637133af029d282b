"""Images from Dockerfiles, with no daemon: what BuildKit does for Docker.

`dockerfile` reads, `context` finds the files, `builder` carries the instructions out one by one,
`cache` knows which need not be carried out again, and why the others must. Left out: building
stages at the same time, remote contexts, secrets, other platforms than this machine's.
"""
