// A case for each thing of Node's that ends in a call libstrong hooks; a line for each: "ok NAME" or "not ok NAME: why".
import assert from 'node:assert/strict';
import { execFileSync, execFile, fork, spawn, spawnSync } from 'node:child_process';
import cluster from 'node:cluster';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import zlib from 'node:zlib';

const self = fileURLToPath(import.meta.url);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'smoke-'));
const node = (text, options = {}) => spawnSync(process.execPath, ['-e', text], { encoding: 'utf8', ...options });

async function server(listener, body) {
    const one = net.createServer(listener);
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
    try {
        return await body(one.address().port, one);
    } finally {
        one.close();
    }
}

function ask(port, agent, where, payload) {
    return new Promise((resolve, reject) => {
        const request = http.request({ host: '127.0.0.1', port, agent, path: where, method: payload ? 'POST' : 'GET' }, (answer) => {
            const parts = [];
            answer.on('data', (part) => parts.push(part));
            answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString() }));
            answer.on('error', reject);
        });
        request.on('error', reject);
        request.end(payload);
    });
}

async function web(options, body) {
    const one = http.createServer(options, (request, response) => {
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('end', () => response.end(request.url + ' ' + Buffer.concat(parts).length));
    });
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
    try {
        await body(one.address().port, one);
    } finally {
        one.closeAllConnections?.();
        one.close();
    }
}

const cases = {
    async 'a connection for every exchange'() {
        await server((socket) => socket.on('data', (data) => socket.end(data)), async (port) => {
            for (let i = 0; i < 300; i++) {
                const socket = net.connect(port, '127.0.0.1');
                socket.write('request ' + i);
                let text = '';
                for await (const part of socket) text += part;
                assert.equal(text, 'request ' + i);
            }
        });
    },
    async 'half-closed connections'() {
        const one = net.createServer({ allowHalfOpen: true }, (socket) => {
            let text = '';
            socket.on('data', (part) => { text += part; });
            socket.on('end', () => socket.end(text.toUpperCase()));
        });
        one.listen(0, '127.0.0.1');
        await once(one, 'listening');
        for (let i = 0; i < 50; i++) {
            const socket = net.connect({ port: one.address().port, host: '127.0.0.1', allowHalfOpen: true });
            socket.end('half ' + i);
            let text = '';
            for await (const part of socket) text += part;
            assert.equal(text, 'HALF ' + i);
        }
        one.close();
    },
    async 'connections reset by their server'() {
        await server((socket) => socket.once('data', () => socket.resetAndDestroy()), async (port) => {
            for (let i = 0; i < 50; i++) {
                const socket = net.connect(port, '127.0.0.1', () => socket.write('x'));
                const [error] = await once(socket, 'error').catch((caught) => [caught]);
                assert.equal(error.code, 'ECONNRESET');
            }
        });
    },
    async 'a port where nobody listens'() {
        const port = await server(() => {}, (number) => number);
        const socket = net.connect(port, '127.0.0.1');
        const [error] = await once(socket, 'error').catch((caught) => [caught]);
        assert.equal(error.code, 'ECONNREFUSED');
    },
    async 'sockets by path'() {
        const where = path.join(folder, 'socket');
        const one = net.createServer((socket) => socket.pipe(socket)).listen(where);
        await once(one, 'listening');
        const socket = net.connect(where);
        socket.end('by path');
        let text = '';
        for await (const part of socket) text += part;
        assert.equal(text, 'by path');
        one.close();
    },
    async 'HTTP with a new connection each time'() {
        await web({}, async (port) => {
            for (let i = 0; i < 200; i++)
                assert.deepEqual(await ask(port, new http.Agent(), '/' + i), { status: 200, text: `/${i} 0` });
        });
    },
    async 'HTTP over kept connections'() {
        await web({}, async (port) => {
            const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
            const answers = await Promise.all([...Array(400).keys()].map((i) => ask(port, agent, '/' + i, 'p'.repeat(i))));
            answers.forEach((answer, i) => assert.equal(answer.text, `/${i} ${i}`));
            agent.destroy();
        });
    },
    async 'HTTP with a large body'() {
        await web({}, async (port) => {
            const size = 20 << 20;
            assert.equal((await ask(port, new http.Agent(), '/large', Buffer.alloc(size, 1))).text, '/large ' + size);
        });
    },
    async 'a server that closes idle connections'() {
        await web({ keepAliveTimeout: 20 }, async (port) => {
            const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
            for (let i = 0; i < 10; i++) {
                assert.equal((await ask(port, agent, '/' + i)).status, 200);
                await sleep(i % 2 ? 60 : 1);
            }
            agent.destroy();
        });
    },
    async 'fetch'() {
        await web({}, async (port) => {
            for (let i = 0; i < 50; i++)
                assert.equal(await (await fetch(`http://127.0.0.1:${port}/f${i}`)).text(), `/f${i} 0`);
        });
    },
    async 'an aborted request'() {
        const one = http.createServer(() => {});
        one.listen(0, '127.0.0.1');
        await once(one, 'listening');
        await assert.rejects(fetch(`http://127.0.0.1:${one.address().port}/`, { signal: AbortSignal.timeout(30) }));
        one.closeAllConnections?.();
        one.close();
    },
    async 'datagrams'() {
        const one = dgram.createSocket('udp4'), other = dgram.createSocket('udp4');
        one.on('message', (text, from) => one.send('re: ' + text, from.port, from.address));
        one.bind(0, '127.0.0.1');
        await once(one, 'listening');
        for (let i = 0; i < 50; i++) {
            other.send('datagram ' + i, one.address().port, '127.0.0.1');
            assert.equal(String((await once(other, 'message'))[0]), 're: datagram ' + i);
        }
        one.close();
        other.close();
    },
    async 'names'() {
        for (let i = 0; i < 20; i++)
            assert.ok((await dns.promises.lookup('localhost', { all: true })).length > 0);
        await assert.rejects(dns.promises.lookup('no-such-name.invalid'), (error) => ['ENOTFOUND', 'EAI_AGAIN'].includes(error.code));
    },
    async 'files, many at once'() {
        await Promise.all([...Array(300).keys()].map((i) => fs.promises.writeFile(path.join(folder, 'f' + i), 'x'.repeat(i))));
        const sizes = await Promise.all([...Array(300).keys()].map(async (i) => (await fs.promises.readFile(path.join(folder, 'f' + i))).length));
        assert.deepEqual(sizes, [...Array(300).keys()]);
    },
    async 'a file by its descriptor'() {
        const file = await fs.promises.open(path.join(folder, 'handle'), 'w+');
        await file.write('0123456789', 0);
        const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 3);
        assert.equal(String(buffer), '3456');
        await file.truncate(5);
        await file.datasync();
        assert.equal((await file.stat()).size, 5);
        await file.close();
        assert.throws(() => fs.readSync(1000, Buffer.alloc(1)), { code: 'EBADF' });
    },
    async 'errors of files'() {
        await assert.rejects(fs.promises.readFile(path.join(folder, 'missing')), { code: 'ENOENT' });
        assert.throws(() => fs.openSync(folder, 'w'), { code: 'EISDIR' });
        assert.throws(() => fs.openSync(path.join(folder, 'f1'), 'wx'), { code: 'EEXIST' });
    },
    async 'a folder that is watched'() {
        const seen = new Promise((resolve) => {
            const watcher = fs.watch(folder, (_, name) => { if (name === 'watched') { watcher.close(); resolve(); } });
        });
        fs.writeFileSync(path.join(folder, 'watched'), '1');
        await Promise.race([seen, sleep(5000).then(() => assert.fail('nothing was seen'))]);
    },
    async 'streams through gzip'() {
        const from = path.join(folder, 'large'), to = path.join(folder, 'copy');
        fs.writeFileSync(from, crypto.randomBytes(4 << 20));
        await pipeline(fs.createReadStream(from), zlib.createGzip({ level: 1 }), zlib.createGunzip(), fs.createWriteStream(to));
        assert.ok(fs.readFileSync(from).equals(fs.readFileSync(to)));
    },
    async 'lines of a pipe'() {
        const child = spawn('seq', ['20000']);
        let sum = 0;
        for await (const line of readline.createInterface({ input: child.stdout })) sum += Number(line);
        assert.equal(sum, 200010000);
    },
    async 'exit codes and signals of children'() {
        assert.equal(node('process.exit(7)').status, 7);
        assert.equal(node('process.kill(process.pid, "SIGKILL")').signal, 'SIGKILL');
        assert.equal(node('process.abort()').signal, 'SIGABRT');
        assert.equal(node('throw new Error("thrown")').status, 1);
        assert.equal(node('setInterval(() => {}, 1000)', { timeout: 500 }).signal, 'SIGTERM');
    },
    async 'what children print'() {
        const one = node('console.log("out"); console.error("err")');
        assert.deepEqual([one.stdout, one.stderr], ['out\n', 'err\n']);
        assert.equal(execFileSync('cat', { input: 'z'.repeat(1 << 20) }).length, 1 << 20);
        assert.equal((await promisify(execFile)('sh', ['-c', 'echo $((6 * 7))'])).stdout, '42\n');
    },
    async 'a child with nothing in its environment'() {
        assert.equal(node('console.log(Object.keys(process.env).length)', { env: {} }).stdout, '0\n');
    },
    async 'many children at once'() {
        const codes = await Promise.all([...Array(40).keys()].map(async (i) => (await once(spawn('sh', ['-c', 'exit ' + i]), 'close'))[0]));
        assert.deepEqual(codes, [...Array(40).keys()]);
    },
    async 'a detached child'() {
        const child = spawn('sleep', ['30'], { detached: true, stdio: 'ignore' });
        child.unref();
        process.kill(-child.pid, 'SIGTERM');
        assert.equal((await once(child, 'exit'))[1], 'SIGTERM');
    },
    async 'messages to a forked child'() {
        const child = fork(self, ['echo']);
        for (let i = 0; i < 50; i++) {
            child.send({ i });
            assert.deepEqual((await once(child, 'message'))[0], { echo: i });
        }
        const ends = once(child, 'exit');
        child.disconnect();
        assert.equal((await ends)[0], 0);
    },
    async 'sockets handed to a child'() {
        const child = fork(self, ['takes']);
        await server((socket) => child.send('socket', socket), async (port) => {
            for (let i = 0; i < 20; i++) {
                const socket = net.connect(port, '127.0.0.1');
                let text = '';
                for await (const part of socket) text += part;
                assert.equal(text, 'from the child');
            }
        });
        const ends = once(child, 'exit');
        child.disconnect();
        await ends;
    },
    async 'a cluster'() {
        const child = spawnSync(process.execPath, [self, 'cluster'], { encoding: 'utf8', timeout: 20000 });
        assert.equal(child.stdout, 'answers 40, workers 2, ends 0 0\n');
    },
    async 'signals with handlers'() {
        const child = spawn(process.execPath, ['-e', `process.on("SIGUSR2", () => console.log("usr2"));
            process.on("SIGTERM", () => { console.log("term"); process.exit(3); }); setInterval(() => {}, 1000); console.log("ready")`]);
        const lines = [];
        for await (const line of readline.createInterface({ input: child.stdout })) {
            lines.push(line);
            if (line === 'ready') child.kill('SIGUSR2');
            if (line === 'usr2') child.kill('SIGTERM');
        }
        assert.deepEqual(lines, ['ready', 'usr2', 'term']);
    },
    async 'threads that come and go'() {
        const sums = await Promise.all([...Array(16).keys()].map(async (i) => {
            const worker = new Worker(self, { workerData: { sum: i } });
            const ends = once(worker, 'exit');
            const [sum] = await once(worker, 'message');
            await ends;
            return sum;
        }));
        assert.deepEqual(sums, [...Array(16).keys()].map((i) => i * 499500));
    },
    async 'a thread that is ended from outside'() {
        const worker = new Worker('for (;;) {}', { eval: true });
        await once(worker, 'online');
        assert.equal(await worker.terminate(), 1);
    },
    async 'a thread that waits for memory'() {
        const shared = new Int32Array(new SharedArrayBuffer(8));
        const worker = new Worker(self, { workerData: { shared } });
        await once(worker, 'message');
        Atomics.store(shared, 0, 1);
        Atomics.notify(shared, 0);
        assert.equal((await once(worker, 'message'))[0], 'ok');
    },
    async 'keys derived in the pool of threads'() {
        const keys = await Promise.all([...Array(12).keys()].map(() => promisify(crypto.pbkdf2)('p', 's', 5000, 32, 'sha256')));
        assert.equal(new Set(keys.map(String)).size, 1);
    },
    async 'timers'() {
        const begin = process.hrtime.bigint(), order = [];
        await Promise.all([40, 10, 25].map(async (ms) => { await sleep(ms); order.push(ms); }));
        assert.deepEqual(order, [10, 25, 40]);
        assert.ok(process.hrtime.bigint() - begin >= 39000000n);
    },
    async 'much memory'() {
        const kept = [];
        for (let i = 0; i < 300000; i++) kept.push({ i, text: 'x' + i, more: [i] });
        assert.equal(kept.filter((one) => one.more[0] % 7 === 0).length, 42858);
        for (let i = 0; i < 200; i++) assert.equal(Buffer.alloc(1 << 20, i)[77], i);
    },
    async 'WebAssembly that traps'() {
        const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 102, 0, 0,
            10, 11, 1, 9, 0, 65, 128, 128, 8, 40, 2, 0, 11]);
        const { instance } = await WebAssembly.instantiate(bytes);
        assert.throws(() => instance.exports.f(), WebAssembly.RuntimeError);  // a fault that a handler of the engine's turns into this
    },
};

async function clustered() {
    if (!cluster.isPrimary) {
        http.createServer((request, response) => response.end(String(cluster.worker.id))).listen(0, '127.0.0.1');
        return;
    }
    const workers = [cluster.fork(), cluster.fork()];
    const ports = (await Promise.all(workers.map((worker) => once(worker, 'listening')))).map(([address]) => address.port);
    const ends = workers.map((worker) => once(worker, 'exit'));
    const ids = new Set();
    let answers = 0;
    for (let i = 0; i < 40; i++) {
        const { text } = await ask(ports[0], new http.Agent(), '/');
        ids.add(text);
        answers++;
    }
    workers.forEach((worker) => worker.disconnect());
    console.log(`answers ${answers}, workers ${ids.size}, ends ${(await Promise.all(ends)).map(([code]) => code).join(' ')}`);
}

async function all() {
    for (const [name, body] of Object.entries(cases))
        try {
            await Promise.race([body(), sleep(30000, null, { ref: false }).then(() => assert.fail('did not end'))]);
            console.log('ok ' + name);
        } catch (error) {
            console.log(`not ok ${name}: ${error.message.split('\n').filter(Boolean).join(' ')}`);
        }
    fs.rmSync(folder, { recursive: true });
    console.log('ok end');
    process.exit(0);
}

if (!isMainThread && workerData.shared) {
    parentPort.postMessage('waits');
    parentPort.postMessage(Atomics.wait(workerData.shared, 0, 0, 20000).replace('not-equal', 'ok'));
} else if (!isMainThread) {
    parentPort.postMessage([...Array(1000).keys()].reduce((sum, i) => sum + i * workerData.sum, 0));
} else if (process.argv[2] === 'echo') {
    process.on('message', ({ i }) => process.send({ echo: i }));
} else if (process.argv[2] === 'takes') {
    process.on('message', (_, socket) => socket.end('from the child'));
} else if (process.argv[2] === 'cluster' || cluster.isWorker) {
    await clustered();
} else {
    await all();
}
