"""The embedded Lightdash: a stateful stand-in for a Lightdash 0.1372.1 server, over real HTTP.

The demo, the tests and the benchmarks talk to it. It promises to answer as the real server was seen to
answer, traps included, and is held to recordings of that server by a test. It runs no query and compiles no
dbt project, and it keeps everything in memory.
"""
