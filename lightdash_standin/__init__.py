"""The embedded Lightdash: a stateful stand-in for a Lightdash server, over real HTTP.

The demo, the tests and the benchmarks talk to it. It promises to answer as a real 0.1372.1, 0.2904.5 or
1.219.0 was seen to answer, traps included, and is held to recordings of all three by tests. It runs no query
and compiles no dbt project, and it keeps everything in memory.
"""
