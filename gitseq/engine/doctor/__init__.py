"""What is wrong, or soon will be, around gitseq: on this machine, in this repository, after earlier runs.

A check is a function from a `Patient` to its findings. It looks and changes nothing; a finding may bring what mends
it, where that is safe and can be taken back.
"""
