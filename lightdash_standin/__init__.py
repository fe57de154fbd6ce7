"""The embedded Lightdash: a stateful stand-in for a Lightdash server, over real HTTP.

The demo, the tests and the benchmarks use it. It promises to answer as a real 0.1372.1, 0.2904.5 or 1.219.0
was seen to answer, including their traps; tests compare it with recordings of all three. It runs no query,
compiles no dbt project, and keeps everything in memory.
"""
