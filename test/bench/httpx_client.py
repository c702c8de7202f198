#!/usr/bin/python3
"""httpx_client: what a Python client does that posts the lines of a file, 64 at a time.

    httpx_client.py URL FILE"""

import asyncio
import sys

import httpx

AT_ONCE = 64


async def work(client, url, lines):
    for line in lines:
        answer = await client.post(url, content=line, headers={"Content-Type": "application/json"})
        answer.raise_for_status()
        answer.json()


async def main(url, file):
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    with open(file, "rb") as lines:
        async with httpx.AsyncClient(limits=limits, timeout=30) as client:
            await asyncio.gather(*(work(client, url, lines) for _ in range(AT_ONCE)))


asyncio.run(main(*sys.argv[1:]))
