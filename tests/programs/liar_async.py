"""liar_async.py: asks the lying server (liar.c) with asyncio: non-blocking connects and epoll, one loop for all requests, as
a service has it. Arguments, runs and output as liar_client.c.
"""
import asyncio

import liar_client


async def over_http(reader, writer, request, unrepeatable):
    asked = (f"POST /{request} HTTP/1.1\r\nHost: liar\r\nContent-Length: 5\r\n\r\nhello" if unrepeatable else
             f"GET /{request} HTTP/1.1\r\nHost: liar\r\n\r\n")
    writer.write(asked.encode())
    await writer.drain()
    while True:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        if status >= 200:
            break
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    if fields.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    elif "content-length" in fields:
        body = await reader.readexactly(int(fields["content-length"]))
    else:
        body = await reader.read()
    return f"whole {status}", body


async def over_resp(reader, writer, request, unrepeatable):
    command, key = "INCR" if unrepeatable else "GET", f"k{request}"
    writer.write(f"*2\r\n${len(command)}\r\n{command}\r\n${len(key)}\r\n{key}\r\n".encode())
    line = await reader.readuntil(b"\r\n")
    if line[:1] != b"$":
        return "line", line
    return "bulk", await reader.readexactly(int(line[1:]) + 2)


def client(over):
    loop = asyncio.new_event_loop()

    async def once(host, port, request, unrepeatable):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            return await over(reader, writer, request, unrepeatable)
        finally:
            writer.close()
            await writer.wait_closed()

    async def in_time(*asked):
        try:
            return await asyncio.wait_for(once(*asked), 10)
        except asyncio.TimeoutError:
            raise TimeoutError from None

    return lambda *asked: loop.run_until_complete(in_time(*asked))


liar_client.main({"http": client(over_http), "resp": client(over_resp)})
