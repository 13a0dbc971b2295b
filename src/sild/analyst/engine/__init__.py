"""The analyst's algorithms: standard library and numpy only, so that they run in a notebook and inside the sandbox.

The files of this folder import each other by relative name, since the solution that ships carries them as they are.
"""
