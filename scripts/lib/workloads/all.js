// HTTP, workers, child processes, files, compression; prints only what is always the same.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto');
const { execFile, spawn } = require('child_process');
const fs = require('fs');
const http = require('http');
const path = require('path');
const util = require('util');
const zlib = require('zlib');

const sha = (data) => crypto.createHash('sha256').update(data).digest('hex');

if (!isMainThread) {
    let sum = 0;
    for (let i = 0; i < 2e6; i++) sum = (sum + i * workerData) % 1000003;
    parentPort.postMessage(sum);
} else {
    main(Number(process.argv[2])).catch((error) => { console.log('failed', error); process.exit(1); });
}

async function main(scale) {
    await files(scale);
    await web(scale);
    await workers();
    await children();
    await compression(scale);
    const heap = [];
    for (let i = 0; i < 200000 * scale; i++) heap.push({ i, s: 'x' + i });
    console.log('heap', heap.filter((o) => o.s.endsWith('7')).length);
    process.exitCode = 5;
}

async function files(scale) {
    const folder = fs.mkdtempSync(path.join(process.cwd(), 'node-'));
    await Promise.all([...Array(200 * scale).keys()].map((n) =>
        fs.promises.writeFile(path.join(folder, 'f' + n), 'x'.repeat(n))));
    const sizes = await Promise.all(fs.readdirSync(folder).map(async (name) =>
        (await fs.promises.stat(path.join(folder, name))).size));
    console.log('files', sizes.length, sizes.reduce((a, b) => a + b));
    await fs.promises.rm(folder, { recursive: true });
    await fs.promises.readFile('no-such-file').catch((error) => console.log('missing', error.code));
}

async function web(scale) {
    const server = http.createServer((request, response) => {
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('end', () => response.end(sha(Buffer.concat(parts)) + request.url));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    const ask = (n) => new Promise((resolve, reject) => {
        const request = http.request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/' + n },
            (response) => {
                let text = '';
                response.on('data', (part) => { text += part; });
                response.on('end', () => resolve(text));
            });
        request.on('error', reject);
        request.end('body'.repeat(n));
    });
    const answers = await Promise.all([...Array(300 * scale).keys()].map(ask));
    console.log('http', answers.length, sha(answers.join()));
    agent.destroy();
    server.close();
    const code = await new Promise((resolve) => http.get({ port: 1, host: '127.0.0.1' })
        .on('error', (error) => resolve(error.code)));
    console.log('refused', code);
}

async function workers() {
    const sums = await Promise.all([1, 2, 3].map((workerData) => new Promise((resolve, reject) => {
        const worker = new Worker(__filename, { workerData });
        worker.on('message', resolve);
        worker.on('error', reject);
    })));
    console.log('workers', sums);
}

async function children() {
    const run = util.promisify(execFile);
    console.log('child', (await run('/bin/sh', ['-c', 'echo out; echo err >&2'])));
    await run('/bin/sh', ['-c', 'exit 4']).catch((error) => console.log('child code', error.code));
    const cat = spawn('/bin/cat');
    cat.stdin.end('through cat');
    for await (const part of cat.stdout) console.log(String(part));
}

async function compression(scale) {
    const data = Buffer.from([...Array(100000 * scale).keys()].join());
    const packed = await util.promisify(zlib.gzip)(data);
    const back = await util.promisify(zlib.gunzip)(packed);
    console.log('gzip', packed.length, sha(back));
    console.log('scrypt', crypto.scryptSync('a', 'b', 16, { N: 4096 }).toString('hex'));
}
